# ---- cell 1
using Pkg
# ---- cell 2
Pkg.add("Flux")
# ---- cell 3
using Flux
# ---- cell 4
x = ones(Float32,1,2,3)
# ---- cell 5
typeof(x)
# ---- cell 6
f(x) = 3x^2 + 2x + 1
# ---- cell 7
f(1)
# ---- cell 8
df(x) = gradient(f,x)[1]
# ---- cell 9
df(1)
# ---- cell 10
d2f(x) = gradient(df,x)[1]
# ---- cell 11
d2f(1)
# ---- cell 12
f(x,y) = sum((x.-y).^2)
# ---- cell 13
gradient(f,[2,1],[2,0])
# ---- cell 14
x= [2,1];
# ---- cell 15
y = [2,0];
# ---- cell 16
gs = gradient(params(x,y)) do
    f(x,y)
end
# ---- cell 17
gs[x]
# ---- cell 18
gs[y]
# ---- cell 19
W = rand(2,5)
# ---- cell 20
b = rand(2)
# ---- cell 21
predict(x) = W*x .+ b
# ---- cell 22
function loss(x,y)
    y_cap = predict(x)
    sum((y .- y_cap).^2)
end
# ---- cell 23
x,y = rand(5),rand(2)
# ---- cell 24
x
# ---- cell 25
y
# ---- cell 26
loss(x,y)
# ---- cell 27
gs = gradient(() -> loss(x,y), params(W,b))
# ---- cell 28
W̄ = gs[W]
# ---- cell 29
W .-= 0.1 .* W̄
# ---- cell 30
loss(x,y)
# ---- cell 31
W1 = rand(3,5)
b1 = rand(3)
layer1(x) = W1*x .+ b1

W2 = rand(2,3)
b2 = rand(2)
layer2(x) = W2*x .+ b2
# ---- cell 32
model(x) = layer2(σ.(layer1(x)))
# ---- cell 33
model(rand(5))
# ---- cell 34
function linear(in,out)
    W = randn(out,in)
    b = randn(out)
    x -> W*x .+ b
end
# ---- cell 35
linear1 = linear(5,3)
linear2 = linear(3,2)
# ---- cell 36
model(x) = linear2(σ.(linear1(x)))
# ---- cell 37
model(rand(5))
# ---- cell 38
struct Affine
  W
  b
end

Affine(in::Integer, out::Integer) =
  Affine(randn(out, in), randn(out))

# Overload call, so the object can be used as a function
(m::Affine)(x) = m.W * x .+ m.b

a = Affine(10, 5)

a(rand(10)) # => 5-element vector
# ---- cell 39
layers = [Dense(10, 5, σ), Dense(5, 2), softmax]

model(x) = foldl((x, m) -> m(x), layers, init = x)

model(rand(10)) # => 2-element vector
# ---- cell 40
model2 = Chain(
  Dense(10, 5, σ),
  Dense(5, 2),
  softmax)

model2(rand(10)) # => 2-element vector
# ---- cell 41
m = Dense(5, 2) ∘ Dense(10, 5, σ)

m(rand(10))
# ---- cell 42
m = Chain(x -> x^2, x -> x+1)

m(5) # => 26
# ---- cell 43
Flux.@functor Affine
