# Layers, losses and optimisers of Flux, in Julia.

struct Dense
    weight
    bias
    σ
end

function Dense(sizes::Pair, σ = identity; bias = true, init = glorot_uniform)
    weight = init(sizes.second, sizes.first)
    Dense(weight, bias === true ? zeros(Float32, sizes.second) : bias, σ)
end
Dense(in::Integer, out::Integer, σ = identity; bias = true, init = glorot_uniform) =
    Dense(in => out, σ; bias = bias, init = init)

(layer::Dense)(x) =
    layer.bias === false ? layer.σ.(layer.weight * x) : layer.σ.(layer.weight * x .+ layer.bias)

function Base.show(io::IO, layer::Dense)
    print(io, "Dense(", size(layer.weight, 2), " => ", size(layer.weight, 1))
    layer.σ === identity || print(io, ", ", layer.σ)
    layer.bias === false && print(io, "; bias=false")
    print(io, ")")
end

struct Chain
    layers
    Chain(layers...) = new(layers)
end

(chain::Chain)(x) = foldl((y, layer) -> layer(y), chain.layers; init = x)

Base.getindex(chain::Chain, i::Integer) = chain.layers[i]
Base.length(chain::Chain) = length(chain.layers)

function Base.show(io::IO, chain::Chain)
    print(io, "Chain(")
    join(io, chain.layers, ", ")
    print(io, ")")
end

struct Descent
    eta
end
Descent() = Descent(0.1)

function update!(rule::Descent, x::AbstractArray, g)
    g === nothing || (x .-= rule.eta .* g)
    x
end
function update!(rule, ps::Params, gs::Grads)
    for p in ps
        update!(rule, p, gs[p])
    end
end

mse(ŷ, y) = sum(abs2.(ŷ .- y)) / length(y)
mae(ŷ, y) = sum(abs.(ŷ .- y)) / length(y)
crossentropy(ŷ, y) = -sum(y .* log.(ŷ .+ eps(Float32))) / (ndims(y) > 1 ? size(y, 2) : 1)
logitcrossentropy(ŷ, y) = -sum(y .* logsoftmax(ŷ)) / (ndims(y) > 1 ? size(y, 2) : 1)

function train!(loss, ps::Params, data, rule)
    for d in data
        gs = gradient(() -> d isa Tuple ? loss(d...) : loss(d), ps)
        update!(rule, ps, gs)
    end
end
