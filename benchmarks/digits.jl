# Learns to read handwritten digits of 8 by 8 pixels: a network of dense layers, then a small
# convolutional one.  Prints what part of the held-back digits each reads rightly.

using Flux, Random, Printf
using Flux: onehotbatch, onecold, logitcrossentropy, DataLoader

function load_digits(path)
    lines = readlines(path)
    labels = [parse(Int, line[1]) for line in lines]
    pixels = zeros(Float32, 8, 8, 1, length(lines))
    for (n, line) in enumerate(lines), (k, c) in enumerate(line[3:end])
        pixels[k + 64 * (n - 1)] = parse(Int, c; base = 17) / 16
    end
    pixels, labels
end

accuracy(model, x, labels) = sum(onecold(model(x), 0:9) .== labels) / length(labels)

function train(model, x, labels; epochs, rate)
    state = Flux.setup(Adam(rate), model)
    loader = DataLoader((x, onehotbatch(labels, 0:9)); batchsize = 64, shuffle = true)
    for epoch in 1:epochs
        Flux.train!((m, x, y) -> logitcrossentropy(m(x), y), model, loader, state)
    end
    model
end

function main(path)
    Random.seed!(2024)
    images, labels = load_digits(path)
    order = shuffle(1:length(labels))
    rest, held = order[1:1437], order[1438:end]
    dense = Chain(Flux.flatten, Dense(64 => 64, relu), Dense(64 => 10))
    convolutional = Chain(
        Conv((3, 3), 1 => 16, relu; pad = 1), MaxPool((2, 2)),
        Conv((3, 3), 16 => 32, relu; pad = 1), MaxPool((2, 2)),
        Flux.flatten, Dense(128 => 10))
    for (name, model, epochs, rate) in (("dense", dense, 60, 0.003), ("convolutional", convolutional, 15, 0.003))
        seconds = @elapsed train(model, images[:, :, :, rest], labels[rest]; epochs, rate)
        part = accuracy(model, images[:, :, :, held], labels[held])
        @printf("%-14s %5.2f %% of held-back digits, %4.1f s\n", name, 100part, seconds)
    end
end

main(length(ARGS) > 0 ? ARGS[1] : joinpath(@__DIR__, "..", "tutorial", "data", "digits.txt"))
