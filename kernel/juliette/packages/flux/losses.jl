# Losses of what is no machine number: big numbers, fractions, missing values, numbers of a user's own.

same_sizes(ŷ, y) = nothing
function same_sizes(ŷ::AbstractArray, y::AbstractArray)
    all(d -> size(ŷ, d) == size(y, d), 1:max(ndims(ŷ), ndims(y))) && return
    throw(DimensionMismatch("loss function expects size(ŷ) = $(size(ŷ)) to match size(y) = $(size(y))"))
end
smallest(ŷ) = eps(float(eltype(ŷ)))
like(ŷ, x) = convert(float(eltype(ŷ)), x)
checked(f) = (ŷ, y; options...) -> (same_sizes(ŷ, y); f(ŷ, y; options...))

const mse = checked((ŷ, y; agg = mean) -> agg(abs2.(ŷ .- y)))
const mae = checked((ŷ, y; agg = mean) -> agg(abs.(ŷ .- y)))
const msle = checked((ŷ, y; agg = mean, eps = smallest(ŷ)) -> agg(log.((ŷ .+ eps) ./ (y .+ eps)) .^ 2))

huber(e, δ) = e < δ ? e^2 / 2 : δ * (e - δ / 2)
huber(::Missing, δ) = missing
const huber_loss = checked((ŷ, y; agg = mean, delta = 1) -> agg(huber.(abs.(ŷ .- y), like(ŷ, delta))))

const crossentropy = checked((ŷ, y; dims = 1, agg = mean, eps = smallest(ŷ)) -> agg(.-sum(xlogy.(y, ŷ .+ eps); dims)))
const logitcrossentropy = checked((ŷ, y; dims = 1, agg = mean) -> agg(.-sum(y .* logsoftmax(ŷ; dims); dims)))
const binarycrossentropy = checked((ŷ, y; agg = mean, eps = smallest(ŷ)) -> agg(@. -xlogy(y, ŷ + eps) - xlogy(1 - y, 1 - ŷ + eps)))
const logitbinarycrossentropy = checked((ŷ, y; agg = mean) -> agg(@. (1 - y) * ŷ - logσ(ŷ)))
kldivergence(ŷ, y; dims = 1, agg = mean, options...) =
    (same_sizes(ŷ, y); agg(sum(xlogx.(y); dims)) + crossentropy(ŷ, y; dims, agg, options...))

const poisson_loss = checked((ŷ, y; agg = mean) -> agg(ŷ .- xlogy.(y, ŷ)))
const hinge_loss = checked((ŷ, y; agg = mean) -> agg(max.(0, 1 .- ŷ .* y)))
const squared_hinge_loss = checked((ŷ, y; agg = mean) -> agg(max.(0, 1 .- ŷ .* y) .^ 2))
const dice_coeff_loss = checked((ŷ, y; smooth = 1) -> begin
    s = like(ŷ, smooth)
    1 - (2 * sum(y .* ŷ) + s) / (sum(y .^ 2) + sum(ŷ .^ 2) + s)
end)
const tversky_loss = checked((ŷ, y; beta = 0.7) -> begin
    β = like(ŷ, beta)
    1 - (sum(y .* ŷ) + 1) / (sum(@. y * ŷ + β * (1 - y) * ŷ + (1 - β) * y * (1 - ŷ)) + 1)
end)
function focused(ŷ, y, gamma)
    p = @. y * ŷ + (1 - y) * (1 - ŷ)
    @. -(1 - p)^gamma * log(p)
end
const binary_focal_loss = checked((ŷ, y; agg = mean, gamma = 2, eps = smallest(ŷ)) -> agg(focused(ŷ .+ eps, y, gamma)))
const focal_loss = checked((ŷ, y; dims = 1, agg = mean, gamma = 2, eps = smallest(ŷ)) -> begin
    p = ŷ .+ eps
    agg(sum(@. -y * (1 - p)^gamma * log(p); dims))
end)
const siamese_contrastive_loss = checked((ŷ, y; agg = mean, margin::Real = 1) -> begin
    margin < 0 && throw(DomainError(margin, "Margin must be non-negative"))
    agg(@. (1 - y) * ŷ^2 + y * max(0, margin - ŷ)^2)
end)
