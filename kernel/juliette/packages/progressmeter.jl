# Bars that say how far a loop is.

abstract type AbstractProgress end

mutable struct Progress <: AbstractProgress
    n::Int
    counter::Int
    dt::Float64
    desc::String
    color::Symbol
    output::IO
    barlen::Union{Int,Nothing}
    showspeed::Bool
    enabled::Bool
    tinit::Float64
    tlast::Float64
    printed::Bool
    width::Int  # of what the line holds now
    lines::Int  # below it
end

"""
    Progress(n; dt=0.1, desc="Progress: ", color=:green, output=stderr, barlen, showspeed=false, enabled=true)

A bar for `n` steps; `next!` makes one. It is drawn at most every `dt` seconds, and not at all for what
is over sooner.
"""
function Progress(n::Integer; dt = 0.1, desc = "Progress: ", color = :green, output = stderr, barlen = nothing,
                  showspeed = false, enabled = true, start = 0, barglyphs = nothing, offset = 0, safe_lock = true)
    now = time()
    Progress(n, start, dt, desc, color, output, barlen, showspeed, enabled, now, now, false, 0, 0)
end
Progress(n::Integer, dt::Real, desc = "Progress: "; keywords...) = Progress(n; dt, desc, keywords...)
Progress(n::Integer, desc::AbstractString; keywords...) = Progress(n; desc, keywords...)

mutable struct ProgressUnknown <: AbstractProgress
    counter::Int
    dt::Float64
    desc::String
    color::Symbol
    output::IO
    spinner::Bool
    enabled::Bool
    tinit::Float64
    tlast::Float64
    printed::Bool
    width::Int
    lines::Int
    done::Bool
end

"""
    ProgressUnknown(; dt=0.1, desc="Progress: ", color=:green, output=stderr, spinner=false, enabled=true)

A count of steps of which nobody knows how many there will be; `finish!` ends it.
"""
function ProgressUnknown(; dt = 0.1, desc = "Progress: ", color = :green, output = stderr, spinner = false, enabled = true)
    now = time()
    ProgressUnknown(0, dt, desc, color, output, spinner, enabled, now, now, false, 0, 0, false)
end
ProgressUnknown(desc::AbstractString; keywords...) = ProgressUnknown(; desc, keywords...)

mutable struct ProgressThresh <: AbstractProgress
    thresh::Float64
    val::Float64
    counter::Int
    dt::Float64
    desc::String
    color::Symbol
    output::IO
    enabled::Bool
    tinit::Float64
    tlast::Float64
    printed::Bool
    width::Int
    lines::Int
    done::Bool
end

"""
    ProgressThresh(thresh; dt=0.1, desc="Progress: ", color=:green, output=stderr, enabled=true)

A value on its way down to `thresh`; `update!(p, value)` says where it is.
"""
function ProgressThresh(thresh::Real; dt = 0.1, desc = "Progress: ", color = :green, output = stderr, enabled = true)
    now = time()
    ProgressThresh(thresh, Inf, 0, dt, desc, color, output, enabled, now, now, false, 0, 0, false)
end
ProgressThresh(thresh::Real, desc::AbstractString; keywords...) = ProgressThresh(thresh; desc, keywords...)

# A time in hours, minutes and seconds.
function durationstring(seconds)
    isfinite(seconds) && seconds >= 0 || return "--:--:--"
    days, rest = divrem(floor(Int, seconds), 86400)
    hours, rest = divrem(rest, 3600)
    minutes, rest = divrem(rest, 60)
    clock = string(hours, ":", lpad(minutes, 2, '0'), ":", lpad(rest, 2, '0'))
    days == 0 ? clock : days == 1 ? "1 day, $clock" : days > 9 ? "$(days) days" : "$days days, $clock"
end

function speedstring(seconds)
    for (unit, length) in ((" s", 1), ("ms", 1e-3), ("μs", 1e-6))
        seconds >= length && return " ($(lpad(round(seconds / length; digits = 2), 5)) $unit/it)"
    end
    " ($(lpad(round(seconds / 1e-9; digits = 2), 5)) ns/it)"
end

function barstring(length, part)
    full = part * length
    whole = floor(Int, full)
    whole >= length && return "|" * "█"^length * "|"
    steps = (' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉')
    "|" * "█"^whole * steps[1 + floor(Int, 8 * (full - whole))] * " "^(length - whole - 1) * "|"
end

# Write a line over the one that is there.
function printover(p, text, values = ())
    out = p.output
    p.lines > 0 && (in_notebook() ? clear_output() : print(out, "\e[$(p.lines)A"))
    print(out, "\r")
    printstyled(out, text; color = p.color)
    print(out, " "^max(0, p.width - textwidth(text)))
    p.width = textwidth(text)
    pairs = collect(values isa Function ? values() : values isa Tuple{Any,Any} && !(values[1] isa Tuple) ? (values,) : values)
    broad = maximum(pair -> length(string(pair[1])), pairs; init = 0)
    for (name, value) in pairs
        print(out, "\n")
        printstyled(out, "  $(rpad(string(name) * ":", broad + 1))  $value"; color = :blue)
    end
    p.lines = length(pairs)
    flush(out)
    nothing
end

function line(p::Progress, now, over)
    part = clamp(p.counter / p.n, 0, 1)
    elapsed = now - p.tinit
    speed = p.showspeed ? speedstring(elapsed / max(p.counter, 1)) : ""
    breadth = displaysize(p.output)[2]
    room = p.barlen === nothing ? max(0, breadth - length(p.desc) - 23 - (p.showspeed ? 15 : 0)) : p.barlen
    time = over ? " Time: $(durationstring(elapsed))" : "  ETA: $(durationstring(elapsed / part - elapsed))"
    spacer = endswith(p.desc, " ") ? "" : " "
    string(p.desc, spacer, lpad(round(Int, 100part), 3), "%", barstring(room, part), time, speed)
end

function line(p::ProgressUnknown, now, over)
    over && return string(p.desc, p.spinner ? "✓" : "", "\t Time: ", durationstring(now - p.tinit), " (", p.counter, " it)")
    turning = p.spinner ? ("◐", "◓", "◑", "◒")[1 + p.counter % 4] * " " : ""
    string(turning, p.desc, " ", p.counter, "\t Time: ", durationstring(now - p.tinit))
end

line(p::ProgressThresh, now, over) = over ?
    string(p.desc, " Time: ", durationstring(now - p.tinit), " (", p.counter, " iterations)") :
    string(p.desc, "(thresh = ", p.thresh, ", value = ", p.val, ")")

isover(p::Progress) = p.counter >= p.n
isover(p) = p.done

function updateProgress!(p; showvalues = (), keep = true, ignored...)
    p.enabled || return nothing
    now = time()
    if isover(p)
        p.printed || return nothing
        printover(p, line(p, now, true), showvalues)
        keep && print(p.output, "\n")
        p.printed = false
    elseif now > p.tlast + p.dt
        printover(p, line(p, now, false), showvalues)
        p.tlast = now
        p.printed = true
    end
    nothing
end

"""
    next!(p; step=1, showvalues=())

One step more of a progress; `showvalues` holds pairs `(name, value)` for lines of their own.
"""
function next!(p::AbstractProgress; step = 1, desc = p.desc, keywords...)
    p.counter += step
    p.desc = desc
    updateProgress!(p; keywords...)
end

"""
    update!(p, counter)

So many steps are made; of a `ProgressThresh`, this is its value now.
"""
function update!(p::AbstractProgress, counter::Integer = p.counter; desc = p.desc, keywords...)
    p.counter = counter
    p.desc = desc
    updateProgress!(p; keywords...)
end
function update!(p::ProgressThresh, value::Real; keywords...)
    p.val = value
    p.counter += 1
    p.done = value <= p.thresh
    updateProgress!(p; keywords...)
end

"""
    finish!(p)

The progress is over.
"""
function finish!(p::Progress; keywords...)
    while p.counter < p.n
        next!(p; step = p.n - p.counter, keywords...)
    end
end
function finish!(p::AbstractProgress; keywords...)
    p.done = true
    updateProgress!(p; keywords...)
end

"""
    cancel(p, message="Aborted before all tasks were completed"; color=:red)

The progress ends before it is over.
"""
function cancel(p::AbstractProgress, message::AbstractString = "Aborted before all tasks were completed"; color = :red, keep = true, ignored...)
    p.enabled && p.printed || return nothing
    p.color = color
    printover(p, message)
    keep && print(p.output, "\n")
    p.printed = false
    nothing
end

# What `@showprogress` puts around the collection of a loop: each step is made when the next one begins.
struct ProgressWrapper{T}
    obj::T
    meter::AbstractProgress
end

Base.length(w::ProgressWrapper) = length(w.obj)
Base.size(w::ProgressWrapper) = size(w.obj)
Base.eltype(::Type{ProgressWrapper{T}}) where {T} = eltype(T)
Base.IteratorSize(::Type{ProgressWrapper{T}}) where {T} = Base.IteratorSize(T)
Base.IteratorEltype(::Type{ProgressWrapper{T}}) where {T} = Base.IteratorEltype(T)
function Base.iterate(w::ProgressWrapper, state...)
    found = iterate(w.obj, state...)
    found === nothing ? finish!(w.meter) : isempty(state) || next!(w.meter)
    found
end

meter_for(x, args...; keywords...) = Base.IteratorSize(typeof(x)) isa Union{Base.HasLength,Base.HasShape} ?
    Progress(length(x), args...; keywords...) : ProgressUnknown(; keywords...)
wrapped(x, args...; keywords...) = ProgressWrapper(x, meter_for(x, args...; keywords...))

# `map(f, xs...)` and its kin, with a step for each call.
function counted(mapping, f, xs...; progress, keywords...)
    meter = meter_for(first(xs), progress[1]...; progress[2]...)
    out = mapping((args...) -> (y = f(args...); next!(meter); y), xs...; keywords...)
    finish!(meter)
    out
end

"""
    @showprogress [dt] [desc] [keyword=value…] loop

Show how far a `for` loop, a comprehension or a call of `map` or its kin is.
"""
macro showprogress(args...)
    isempty(args) && throw(ArgumentError("@showprogress requires at least one argument."))
    given, keywords = Any[], Any[]
    for a in args[1:end-1]
        push!(Meta.isexpr(a, :(=)) ? keywords : given, Meta.isexpr(a, :(=)) ? Expr(:kw, a.args[1], esc(a.args[2])) : esc(a))
    end
    around(x) = Expr(:call, wrapped, Expr(:parameters, keywords...), esc(x), given...)
    loop = args[end]
    if Meta.isexpr(loop, :for)
        ways = Meta.isexpr(loop.args[1], :block) ? copy(loop.args[1].args) : Any[loop.args[1]]
        ways = Any[Expr(:(=), esc(w.args[1]), i == 1 ? around(w.args[2]) : esc(w.args[2])) for (i, w) in enumerate(ways)]
        return Expr(:for, length(ways) == 1 ? ways[1] : Expr(:block, ways...), esc(loop.args[2]))
    elseif Meta.isexpr(loop, (:comprehension, :typed_comprehension)) && Meta.isexpr(loop.args[end], :generator)
        value, ways... = loop.args[end].args
        ways = Any[Expr(:(=), esc(w.args[1]), i == 1 ? around(w.args[2]) : esc(w.args[2])) for (i, w) in enumerate(ways)]
        return Expr(loop.head, map(esc, loop.args[1:end-1])..., Expr(:generator, esc(value), ways...))
    elseif Meta.isexpr(loop, :do) || Meta.isexpr(loop, :call)
        call = loop.head == :do ? loop.args[1] : loop
        f, rest = call.args[1], call.args[2:end]
        own = Any[]
        if !isempty(rest) && Meta.isexpr(rest[1], :parameters)
            own = rest[1].args
            rest = rest[2:end]
        end
        own = Any[own; filter(a -> Meta.isexpr(a, :kw), rest)]
        rest = filter(a -> !Meta.isexpr(a, :kw), rest)
        loop.head == :do && pushfirst!(rest, loop.args[2])
        progress = Expr(:tuple, Expr(:tuple, given...), Expr(:tuple, Expr(:parameters, keywords...)))
        return Expr(:call, counted, Expr(:parameters, Expr(:kw, :progress, progress), map(esc, own)...), esc(f), map(esc, rest)...)
    end
    throw(ArgumentError("Final argument to @showprogress must be a for loop, comprehension, or a map-like function; got $loop"))
end

export Progress, ProgressUnknown, ProgressThresh, next!, update!, finish!, cancel, @showprogress
