using Test

function toposort(deps::AbstractDict{K,<:AbstractVector{K}}) where {K}
    marks = Dict{K,Symbol}()
    order = K[]
    function visit(n, trail=K[])
        m = get(marks, n, :none)
        m === :done && return
        m === :active && error("cycle: ", join([trail[findfirst(==(n), trail):end]; n], " -> "))
        marks[n] = :active
        for d in get(deps, n, K[])
            visit(d, [trail; n])
        end
        marks[n] = :done
        push!(order, n)
    end
    foreach(visit, sort!(collect(keys(deps))))
    order
end

function components(g)
    seen = BitSet()
    comps = Vector{Int}[]
    for v in keys(g) |> collect |> sort
        v in seen && continue
        comp, stack = Int[], [v]
        while !isempty(stack)
            u = pop!(stack)
            u in seen && continue
            push!(seen, u)
            push!(comp, u)
            append!(stack, g[u])
        end
        push!(comps, sort(comp))
    end
    comps
end

floyd(W) = let D = copy(W), n = size(W, 1)
    for k in 1:n, i in 1:n, j in 1:n
        D[i, j] = min(D[i, j], D[i, k] + D[k, j])
    end
    D
end

@testset "graphs" begin
    d = Dict("app" => ["lib", "log"], "lib" => ["core"], "log" => ["core"], "core" => String[])
    o = toposort(d)
    @test o == ["core", "lib", "log", "app"]
    @test all(findfirst(==(b), o) < findfirst(==(a), o) for (a, bs) in d for b in bs)
    @test_throws ErrorException("cycle: a -> b -> a") toposort(Dict("a" => ["b"], "b" => ["a"]))
    @test components(Dict(1 => [2], 2 => [1], 3 => [], 4 => [5], 5 => [4])) == [[1, 2], [3], [4, 5]]
    W = [0 3 Inf; Inf 0 1; 2 Inf 0]
    @test floyd(W) == [0 3 4; 3 0 1; 2 5 0]
    @test_throws MethodError toposort(Dict(1 => 2))
    b = BitSet([3, 1, 2])
    @test collect(b) == [1, 2, 3] && 2 in b && repr(b) == "BitSet([1, 2, 3])"
    @test union(b, [9]) isa BitSet && setdiff!(b, 1:2) == BitSet(3)
end
