using Test, Logging

abstract type State end

struct Idle <: State end

struct Running <: State
    since::Int
end

struct Broken <: State
    reason::String
end

struct InvalidTransition{A,B} <: Exception
    from::A
    event::B
end

Base.showerror(io::IO, e::InvalidTransition) = print(io, "cannot ", e.event, " while ", nameof(typeof(e.from)))
transition(s::State, e::Symbol, t) = transition(s, Val(e), t)
transition(::Idle, ::Val{:start}, t) = Running(t)
transition(s::Running, ::Val{:stop}, t) = (@debug "ran" time = t - s.since; Idle())
transition(::State, ::Val{:fail}, t) = (@warn "failure" t; Broken("failed at $t"))
transition(s::State, ::Val{E}, t) where {E} = throw(InvalidTransition(s, E))
run(events; s::State=Idle()) = foldl(((s, t), e) -> (transition(s, e, t), t + 1), events; init=(s, 0))[1]

@testset "state machine" begin
    @test run([:start, :stop]) === Idle()
    @test run([:start]) == Running(0)
    @test_logs (:warn, "failure") run([:start, :fail])
    @test_logs min_level = Logging.Debug (:debug, "ran") run([:start, :stop])
    @test @test_logs((:warn,), run([:fail])).reason == "failed at 0"
    @test_throws InvalidTransition run([:stop])
    @test_throws InvalidTransition{Running,Symbol} run([:start, :start])
    @test_throws "cannot start while Running" run([:start, :start])
    err = @test_throws InvalidTransition run([:stop])
    @test err.value.event === :stop
    @test with_logger(NullLogger()) do
        run([:fail])
    end isa Broken
    @test_broken run([:start]) == Idle()
    @test_skip run([:never])
    @test (@test true) isa Test.Pass
end
