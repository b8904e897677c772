"""What `?name` says of types, constants and operators, which have no Python function to carry a docstring.

One line for each: a heading as Julia writes it, a bar, and the text.  The table is read when somebody
asks, never before; it is long because Base has many names.
"""

from __future__ import annotations

_TABLE = """
Any | The type of every value; the top of the tree of types.
Union{Types...} | Union | A value of the union is a value of one of its types: `Union{Int, String}`.
UnionAll | A type with a parameter left open, as `Vector` is: all `Vector{T}` together.
DataType | The type of types that were declared: with a name, a supertype and perhaps parameters.
Type{T} | Type | The type whose only value is the type `T`; `Type` alone has all types as values.
Tuple{Types...} | Tuple | The type of tuples by the types of their elements; covariant, unlike other types.
NamedTuple{names, T} | NamedTuple | Tuples whose elements have names: `(a = 1, b = "x")`.
Vararg{T, N} | Vararg | Last in a tuple type: `N` elements of type `T`, or any number of them.
Function | The type above the types of all functions.
Module | The type of modules: namespaces with global variables of their own.
Method | One definition of a function, for arguments of certain types.
Symbol | A name as a value, such as stands in code: `:x`.
Expr | Code as a value: a `head` that says what it is, and `args`, its parts.
QuoteNode | A quoted value in code, in which nothing is interpolated.
LineNumberNode | A place in a file, as it stands in code.
GlobalRef | A global variable of a certain module, in code.
Nothing | The type of `nothing`.
nothing | What a function gives that has nothing to give; the prompt shows nothing for it.
Missing | The type of `missing`.
missing | A value that is not known; what is computed from it is missing too.
Number | All numbers.
Real <: Number | Real | The numbers of the line: integers, fractions, floating-point numbers, irrational constants.
AbstractFloat <: Real | AbstractFloat | All floating-point numbers.
Integer <: Real | Integer | All integers, `Bool` among them.
Signed <: Integer | Signed | Integers with a sign.
Unsigned <: Integer | Unsigned | Integers without a sign; they are shown in hexadecimal.
Bool <: Integer | Bool | `true` and `false`; as numbers one and zero, and a zero that wins even over `NaN`.
Int8 <: Signed <: Integer | Int8 | Integers of 8 bits, from -128 to 127; sums wrap around.
Int16 <: Signed <: Integer | Int16 | Integers of 16 bits; sums wrap around.
Int32 <: Signed <: Integer | Int32 | Integers of 32 bits; sums wrap around.
Int64 <: Signed <: Integer | Int64 | Integers of 64 bits, which is what `Int` means; sums wrap around.
Int128 <: Signed <: Integer | Int128 | Integers of 128 bits; sums wrap around.
UInt8 <: Unsigned <: Integer | UInt8 | Integers from 0 to 255: a byte.
UInt16 <: Unsigned <: Integer | UInt16 | Integers of 16 bits without a sign.
UInt32 <: Unsigned <: Integer | UInt32 | Integers of 32 bits without a sign.
UInt64 <: Unsigned <: Integer | UInt64 | Integers of 64 bits without a sign.
UInt128 <: Unsigned <: Integer | UInt128 | Integers of 128 bits without a sign.
BigInt <: Signed | BigInt | Integers of any size; written `big"123"` or made by `big`.
Float16 <: AbstractFloat | Float16 | Floating-point numbers of 16 bits: 10 for the fraction, 5 for the exponent.
Float32 <: AbstractFloat | Float32 | Floating-point numbers of 32 bits: 23 for the fraction, 8 for the exponent; `1.5f0`.
Float64 <: AbstractFloat | Float64 | Floating-point numbers of 64 bits: 52 for the fraction, 11 for the exponent; `1.5`.
BigFloat <: AbstractFloat | BigFloat | Floating-point numbers of as many digits as `setprecision` says; written `big"1.5"`.
Rational{T<:Integer} <: Real | Rational | Fractions in lowest terms: `2//3`.
Complex{T<:Real} <: Number | Complex | Numbers with a real and an imaginary part: `1 + 2im`.
ComplexF64 | `Complex{Float64}`
ComplexF32 | `Complex{Float32}`
ComplexF16 | `Complex{Float16}`
AbstractIrrational <: Real | AbstractIrrational | Constants that are known to any precision, such as `π`.
Irrational{sym} <: AbstractIrrational | Irrational | A constant by its symbol; it becomes a number when it meets one.
π | pi | The circle's circumference by its diameter; written `\\pi`.
ℯ | Euler's number, the base of natural logarithms; written `\\euler`.
im | The imaginary unit.
Inf | Inf64 | Positive infinity as a `Float64`.
Inf32 | Positive infinity as a `Float32`.
Inf16 | Positive infinity as a `Float16`.
NaN | NaN64 | "Not a number" as a `Float64`; it equals nothing, not even itself: ask with `isnan`.
NaN32 | "Not a number" as a `Float32`.
NaN16 | "Not a number" as a `Float16`.
catalan | Catalan's constant, about 0.916.
eulergamma | γ | Euler's constant, about 0.577.
golden | φ | The golden ratio, about 1.618.
RoundingMode | How numbers are rounded: the types of `RoundNearest` and its relatives.
RoundNearest | To the nearest; halves to the even one. This is the default.
RoundNearestTiesAway | To the nearest; halves away from zero.
RoundNearestTiesUp | To the nearest; halves upwards.
RoundToZero | Towards zero, as `trunc` does.
RoundFromZero | Away from zero.
RoundUp | Upwards, as `ceil` does.
RoundDown | Downwards, as `floor` does.
AbstractString | All strings: indexed by code units, iterated by characters.
String <: AbstractString | String | Text in UTF-8.
SubString{T} <: AbstractString | SubString | A part of another string, without a copy of it.
SubstitutionString | What `replace` puts in the place of a match, with groups: `s"\\1"`.
LazyString <: AbstractString | LazyString | A string that is put together when somebody reads it: `lazy"n = $n"`.
AbstractChar | All characters.
Char <: AbstractChar | Char | One character of Unicode: `'a'`.
Regex <: AbstractPattern | Regex | A regular expression: `r"a+"`, with flags after it as in `r"a+"i`.
RegexMatch <: AbstractMatch | RegexMatch | What `match` found: `match`, `captures`, `offset`, `offsets`; also by number and name.
AbstractPattern | What text can be searched for.
AbstractMatch | What a search in text finds.
VersionNumber | The number of a version, with order: `v"1.10.2"`.
MIME{mime} | MIME | A form in which values are shown: `MIME("text/plain")`.
AbstractArray{T, N} | AbstractArray | All arrays of `N` dimensions with elements of type `T`.
AbstractVector{T} | AbstractVector | `AbstractArray{T, 1}`
AbstractMatrix{T} | AbstractMatrix | `AbstractArray{T, 2}`
AbstractVecOrMat{T} | AbstractVecOrMat | `Union{AbstractVector{T}, AbstractMatrix{T}}`
DenseArray{T, N} <: AbstractArray{T, N} | DenseArray | Arrays whose elements lie next to each other in memory.
DenseVector{T} | DenseVector | `DenseArray{T, 1}`
DenseMatrix{T} | DenseMatrix | `DenseArray{T, 2}`
DenseVecOrMat{T} | DenseVecOrMat | `Union{DenseVector{T}, DenseMatrix{T}}`
StridedArray{T, N} | StridedArray | Arrays whose elements lie at even distances in memory.
StridedVector{T} | StridedVector | `StridedArray{T, 1}`
StridedMatrix{T} | StridedMatrix | `StridedArray{T, 2}`
StridedVecOrMat{T} | StridedVecOrMat | `Union{StridedVector{T}, StridedMatrix{T}}`
Array{T, N} <: DenseArray{T, N} | Array | Arrays of `N` dimensions with elements of type `T`: `Array{Float64}(undef, 2, 3)`.
Vector{T} <: AbstractVector{T} | Vector | `Array{T, 1}`; it can grow and shrink.
Matrix{T} <: AbstractMatrix{T} | Matrix | `Array{T, 2}`
VecOrMat{T} | VecOrMat | `Union{Vector{T}, Matrix{T}}`
BitArray{N} <: AbstractArray{Bool, N} | BitArray | Arrays of Bool that take one bit for each; comparisons of arrays give them.
BitVector | `BitArray{1}`
BitMatrix | `BitArray{2}`
SubArray{T, N, P, I, L} <: AbstractArray{T, N} | SubArray | A part of another array that `view` shows, without a copy of it.
UndefInitializer | The type of `undef`.
undef | In a constructor of arrays: the elements may be anything yet.
Colon | The type of `:`, which means all indices of a dimension.
CartesianIndex(i, j, ...) | CartesianIndex | One index for several dimensions: `A[CartesianIndex(2, 3)]` is `A[2, 3]`.
CartesianIndices(sz::Dims) | CartesianIndices | All indices of an array, as an array of `CartesianIndex`.
LinearIndices(A::AbstractArray) | LinearIndices | The numbers of an array's elements, in its shape.
IndexStyle | How an array is best indexed: `IndexLinear()` or `IndexCartesian()`.
AbstractRange{T} <: AbstractVector{T} | AbstractRange | All ranges: vectors of evenly spaced numbers.
OrdinalRange{T, S} <: AbstractRange{T} | OrdinalRange | Ranges of exact steps, as those of integers and characters.
AbstractUnitRange{T} <: OrdinalRange{T, T} | AbstractUnitRange | Ranges that go up by one.
UnitRange{T<:Real} | UnitRange | `a:b`, all numbers from `a` up by one.
StepRange{T, S} | StepRange | `a:s:b` with an exact step.
StepRangeLen{T, R, S} | StepRangeLen | A range by its beginning, step and length; ranges of floating-point numbers are such.
LinRange{T, L} | LinRange | `n` numbers between two ends, reckoned from both.
OneTo(n) | OneTo | `1:n`, whose type says that it begins at 1: the axes of arrays are such.
Slices | AbstractSlices | RowSlices | ColumnSlices | What `eachslice`, `eachrow` and `eachcol` give: an array of views.
Pair(x, y) | Pair | `x => y`, two values that belong together, as key and value do.
AbstractDict{K, V} | AbstractDict | All dictionaries, from keys of type `K` to values of type `V`.
Dict([itr]) | Dict | A dictionary: `Dict("a" => 1, "b" => 2)`. Keys are found by `hash` and `isequal`.
IdDict([itr]) | IdDict | A dictionary that tells keys apart by `===`.
WeakKeyDict([itr]) | WeakKeyDict | A dictionary that does not keep its keys alive.
ImmutableDict | A small dictionary that grows by making another: `Base.ImmutableDict(d, k => v)`.
AbstractSet{T} | AbstractSet | All sets.
Set{T} <: AbstractSet{T} | Set | A collection that has each element once, found by `hash` and `isequal`.
BitSet([itr]) | BitSet | A set of integers that takes one bit for each, in order.
Enum{T<:Integer} | Enum | The type above those that `@enum` makes.
Val(c) | Val | A value as a type, for dispatch: `f(::Val{:fast})` is called by `f(Val(:fast))`.
Some{T} | Some | A box for a value that may itself be `nothing`.
Returns(value) | Returns | The function that always gives `value`.
ComposedFunction{Outer, Inner} | ComposedFunction | What `f ∘ g` gives: `f` of what `g` makes.
Fix1(f, x) | Fix1 | The function `y -> f(x, y)`.
Fix2(f, x) | Fix2 | The function `y -> f(y, x)`, as `==(2)` is.
Ref{T} | Ref | A box for one value: `r = Ref(1)`, read and written as `r[]`; in a dotted call it counts as one.
IO | All streams.
IOStream | A file that is open.
IOBuffer | A stream in memory.
AbstractDisplay | The type above displays, which `display` hands values to.
Cmd | A command in backticks.
AbstractChannel{T} | AbstractChannel | All channels.
Channel{T}(size=0) | Channel | A queue between tasks: `put!` waits while it is full, `take!` while it is empty.
Task(f) | Task | A function that runs in turns with others: `schedule` begins it, `fetch` waits for its result.
Condition() | Condition | What tasks wait for with `wait`, until another calls `notify`.
ReentrantLock() | ReentrantLock | A lock that one task holds at a time, and may take again while it does.
AbstractLock | All locks.
Semaphore(n) | Semaphore | `n` places; `Base.acquire` takes one and `Base.release` gives it back.
Event() | Event | What tasks wait for until it has happened; `notify` says that it has.
Timer(delay; interval=0) | Timer | Wakes who waits for it after some seconds, and again after each interval.
CodeUnits(s) | CodeUnits | The code units of a string as a vector; `codeunits` makes it.
Exception | The type above all exceptions.
ErrorException(msg) | ErrorException | What `error("…")` throws.
ArgumentError(msg) | ArgumentError | An argument is not fit for the function.
AssertionError([msg]) | AssertionError | What `@assert` throws when its condition is false.
BoundsError([a], [i]) | BoundsError | An index that the collection has not.
CanonicalIndexError | An array of one's own lacks the method of `getindex` or `setindex!` that all others rest on.
CapturedException | An exception with its trace, kept for later.
CompositeException | Several exceptions together, as `@sync` gathers them.
ConcurrencyViolationError(msg) | ConcurrencyViolationError | Tasks got in each other's way.
DimensionMismatch([msg]) | DimensionMismatch | Arrays whose sizes do not fit together.
DivideError() | DivideError | An integer divided by zero.
DomainError(val, [msg]) | DomainError | An argument for which the function has no value.
EOFError() | EOFError | A stream ended before all was read.
InexactError(name, T, val) | InexactError | A number that a type cannot hold exactly.
InitError(mod, error) | InitError | An exception in a module's `__init__`.
InterruptException() | InterruptException | The user stopped the program.
InvalidStateException | A closed channel was asked for more.
KeyError(key) | KeyError | A key that the dictionary has not.
LoadError(file, line, error) | LoadError | An exception while a file was run, or in a macro.
MethodError(f, args) | MethodError | No method of the function takes these arguments.
MissingException(msg) | MissingException | A missing value where one is needed.
OutOfMemoryError() | OutOfMemoryError | More memory was asked for than there is.
OverflowError(msg) | OverflowError | A result that does not fit its type.
ProcessFailedException | A program that `run` started ended with an error.
ReadOnlyMemoryError() | ReadOnlyMemoryError | Memory was written that is only to be read.
SegmentationFault | SegmentationFault | Memory was used that is not the program's.
StackOverflowError() | StackOverflowError | Calls within calls, deeper than the stack: mostly a recursion without end.
StringIndexError(str, i) | StringIndexError | An index within a character of a string.
SystemError(prefix, [errno]) | SystemError | The system refused a call, as opening a file.
TaskFailedException | A task that was waited for died of an exception.
TypeError(func, context, expected, got) | TypeError | A value of another type than was declared.
UndefKeywordError(var) | UndefKeywordError | A keyword argument that has no default was not given.
UndefRefError() | UndefRefError | A field or an element that has no value yet.
UndefVarError(var) | UndefVarError | A variable that has no value.
ParseError | Text that is no Julia code.
ARGS | The words after the program's name on the command line.
PROGRAM_FILE | The name of the program that is run; empty at the prompt.
ENV | The environment variables, as a dictionary.
LOAD_PATH | Where `using` looks for packages.
DEPOT_PATH | Where packages are kept.
VERSION | The version of Julia that is spoken here.
ENDIAN_BOM | Tells in which order the machine keeps the bytes of a number.
C_NULL | The pointer to nowhere.
stdin | The stream that the program reads from.
stdout | The stream that the program prints to.
stderr | The stream for errors and warnings.
devnull | A stream that forgets what is written to it.
InsertionSort | QuickSort | MergeSort | PartialQuickSort | A way of sorting, for the keyword `alg`; every one is stable here.
Ordering | How elements are compared when sorting; made of `Forward`, `By`, `Lt` and `ReverseOrdering`.
Forward | The ordering of `isless`.
Reverse | The opposite of `Forward`.
ReverseOrdering(o) | ReverseOrdering | The opposite of an ordering.
By(f) | By | The ordering by what `f` makes of the elements.
Lt(lt) | Lt | The ordering in which `lt(a, b)` says whether `a` comes first.
xor(x, y) | xor | ⊻ | Exclusive or, bit by bit; of Bools: is exactly one true?
x & y | & | And, bit by bit; `false & missing` is false.
x \\| y | \\| | Or, bit by bit; `true \\| missing` is true.
max(x, y, ...) | max | The greatest of the arguments. Of a collection's elements: `maximum`.
min(x, y, ...) | min | The smallest of the arguments. Of a collection's elements: `minimum`.
∌ | `xs ∌ x`: is `x` not in `xs`?
throw(e) | throw | Throw an exception.
eval([m], expr) | eval | Run code in a module's global scope and give its value.
include([f], path) | include | Run a file in the module's global scope and give the value of its last expression.
getproperty(value, name) | getproperty | What `value.name` calls; a field, unless the type has a method of its own.
setproperty!(value, name, x) | setproperty! | What `value.name = x` calls; it converts `x` to the field's type.
vect(X...) | vect | What `[X...]` calls: a vector of the arguments, which are promoted.
power_by_squaring(x, n) | power_by_squaring | `x^n` by few multiplications.
Cchar | C's `char`, `Int8`.
Cuchar | C's `unsigned char`, `UInt8`.
Cshort | C's `short`, `Int16`.
Cushort | C's `unsigned short`, `UInt16`.
Cint | C's `int`, `Int32`.
Cuint | C's `unsigned int`, `UInt32`.
Cfloat | C's `float`, `Float32`.
Cdouble | C's `double`, `Float64`.
Cwchar_t | C's `wchar_t`, `Int32`.
Cstring | A text as C has it: bytes up to a zero.
Cwstring | A text as C has it: wide characters up to a zero.
KERNEL | The operating system's kernel, as a symbol.
ARCH | The kind of processor, as a symbol.
MACHINE | Processor and system in one string.
WORD_SIZE | The bits of an `Int`: 64.
CPU_THREADS | How many threads the processors run at once.
BINDIR | The folder of the program that runs this.
STDLIB | The folder of the standard library's sources; empty, since it is written in Python.
TmStruct | A time by its parts, as C counts them.
RefValue{T} <: Ref{T} | RefValue | What `Ref(x)` makes.
RefArray{T, A, R} <: Ref{T} | RefArray | What `Ref(a, i)` makes: one element of an array.
ReinterpretArray | An array whose bytes are read as another type; `reinterpret` makes it.
ReshapedArray | An array in another shape, without a copy; `reshape` makes it of what is no `Array`.
AbstractCmd | All commands, pipelines among them.
Process | A program that runs or has run.
TTY | A terminal as a stream.
Atomic{T} | Atomic | A value that is changed in one step, by `Threads.atomic_add!` and its relatives.
SpinLock() | SpinLock | A lock whose taker waits without sleeping.
StackFrame | A line of a stack trace: `func`, `file`, `line`.
AbstractArrayStyle{N} | AbstractArrayStyle | The styles of broadcasting in which the result is an array.
ArrayStyle{A} | ArrayStyle | The style for an array type of one's own.
DefaultArrayStyle{N} | DefaultArrayStyle | The style whose result is an `Array` of `N` dimensions.
Broadcasted{Style} | Broadcasted | A dotted call that has not been computed yet.
"""


def _entries() -> dict[str, str]:
    """The text of each name."""
    out = {}
    for line in filter(None, _TABLE.replace("\\|", "\0").split("\n")):
        *heads, text = (part.strip().replace("\0", "|") for part in line.split(" | "))
        names = [
            head for head in heads if " " not in head and "(" not in head and "{" not in head
        ] or heads
        entry = f"```\n{heads[0]}\n```\n\n{text}"
        out.update(dict.fromkeys(names, entry))
    return out


TEXTS = _entries()
