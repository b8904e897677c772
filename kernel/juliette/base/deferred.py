"""What Base has beside its core: names by the module that is imported when one of them is met.

Written by `python tests/deferred_names.py`; a test sees that it is true.
"""

CHAPTERS: dict[str, str] = {
    "juliette.base.accumulations": "accumulate accumulate! cumprod cumprod! cumsum cumsum! diff",
    "juliette.base.array_hooks": (
        "DimsOrInds RangeIndex ScalarIndex ViewIndex _broadcast_getindex _ind2sub _sub2ind axes1 "
        "broadcast_unalias check_broadcast_axes checkbounds_indices copymutable_oftype dimlength "
        "extrude hastypemax index_lengths index_ndims index_shape isstored newindex preprocess "
        "preprocess_args promote_eltypeof reduced_index reduced_indices to_shape unsafe_indices "
        "unsafe_length"
    ),
    "juliette.base.array_internals": (
        "DimOrInd DimsInteger Indices StringVector _default_splice _deleteat! _deletebeg! "
        "_deleteend! _growat! _growbeg! _growend! findnextnot findprevnot has_offset_axes "
        "require_one_based_indexing throw_boundserror tuple_type_head tuple_type_tail "
        "unsafe_getindex unsafe_setindex!"
    ),
    "juliette.base.array_searching": (
        "argmax argmin findall findfirst findlast findmax findmin findnext findprev"
    ),
    "juliette.base.atomics": (
        "@atomic @atomicreplace @atomicswap getglobal modifyfield! modifyproperty! replacefield! "
        "replaceproperty! setglobal! swapfield! swapproperty!"
    ),
    "juliette.base.backtraces": (
        "CapturedException InitError StackFrame StackTraces backtrace catch_backtrace "
        "display_error show_backtrace stacktrace"
    ),
    "juliette.base.bounds": "@boundscheck @inbounds",
    "juliette.base.channels": (
        "@async @sync @task AbstractChannel Channel CompositeException ExceptionStack "
        "ExponentialBackOff Task TaskFailedException Timer _wait asyncmap asyncmap! bind close "
        "current_exceptions current_task errormonitor fetch isfull isopen isready istaskdone "
        "istaskfailed istaskstarted n_avail put! retry schedule sleep take! task_local_storage "
        "timedwait wait yield yieldto"
    ),
    "juliette.base.chapters": "FastMath GMP MPFR Math Multimedia Rounding",
    "juliette.base.code_macros": (
        "@Kwargs @NamedTuple @__DIR__ @__FILE__ @__LINE__ @__MODULE__ @_inline_meta "
        "@_noinline_meta @_propagate_inbounds_meta @aggressive_constprop @assume_effects "
        "@coalesce @constprop @deprecate @eval @functionloc @gensym @goto @inline @invoke "
        "@invokelatest @isdefined @kwdef @label @locals @macroexpand @macroexpand1 @max_methods "
        "@noinline @noinline_ @nospecialize @nospecializeinfer @polly @propagate_inbounds @pure "
        "@simd @something @specialize @static @which eval get_world_counter invoke_in_world "
        "invokelatest macroexpand"
    ),
    "juliette.base.code_stages": (
        "@code_llvm @code_lowered @code_native @code_typed @code_warntype CodeInfo Compiler "
        "_return_type code_llvm code_lowered code_native code_typed code_warntype promote_op "
        "return_types"
    ),
    "juliette.base.commands": (
        "& @cmd AbstractCmd AndCmds Cmd CmdRedirect OrCmds addenv detach escape_microsoft_c_args "
        "ignorestatus julia_cmd pipeline setcpuaffinity setenv shell_escape shell_escape_csh "
        "shell_escape_posixly shell_escape_wincmd shell_split"
    ),
    "juliette.base.descriptors": (
        "RawFD UV_E2BIG UV_EACCES UV_EADDRINUSE UV_EADDRNOTAVAIL UV_EADV UV_EAFNOSUPPORT "
        "UV_EAGAIN UV_EALREADY UV_EBADE UV_EBADF UV_EBADFD UV_EBADMSG UV_EBADR UV_EBADRQC "
        "UV_EBADSLT UV_EBFONT UV_EBUSY UV_ECANCELED UV_ECHILD UV_ECHRNG UV_ECOMM UV_ECONNABORTED "
        "UV_ECONNREFUSED UV_ECONNRESET UV_EDEADLOCK UV_EDESTADDRREQ UV_EDOM UV_EDOTDOT UV_EDQUOT "
        "UV_EEXIST UV_EFAULT UV_EFBIG UV_EHOSTDOWN UV_EHOSTUNREACH UV_EIDRM UV_EILSEQ "
        "UV_EINPROGRESS UV_EINTR UV_EINVAL UV_EIO UV_EISCONN UV_EISDIR UV_EISNAM UV_EKEYEXPIRED "
        "UV_EKEYREJECTED UV_EKEYREVOKED UV_EL2HLT UV_EL2NSYNC UV_EL3HLT UV_EL3RST UV_ELIBACC "
        "UV_ELIBBAD UV_ELIBEXEC UV_ELIBMAX UV_ELIBSCN UV_ELNRNG UV_ELOOP UV_EMEDIUMTYPE UV_EMFILE "
        "UV_EMLINK UV_EMSGSIZE UV_EMULTIHOP UV_ENAMETOOLONG UV_ENAVAIL UV_ENETDOWN UV_ENETRESET "
        "UV_ENETUNREACH UV_ENFILE UV_ENOANO UV_ENOBUFS UV_ENOCSI UV_ENODATA UV_ENODEV UV_ENOENT "
        "UV_ENOEXEC UV_ENOKEY UV_ENOLCK UV_ENOLINK UV_ENOMEDIUM UV_ENOMEM UV_ENOMSG UV_ENONET "
        "UV_ENOPKG UV_ENOPROTOOPT UV_ENOSPC UV_ENOSR UV_ENOSTR UV_ENOSYS UV_ENOTBLK UV_ENOTCONN "
        "UV_ENOTDIR UV_ENOTEMPTY UV_ENOTNAM UV_ENOTRECOVERABLE UV_ENOTSOCK UV_ENOTSUP UV_ENOTTY "
        "UV_ENOTUNIQ UV_ENXIO UV_EOF UV_EOVERFLOW UV_EOWNERDEAD UV_EPERM UV_EPFNOSUPPORT UV_EPIPE "
        "UV_EPROTO UV_EPROTONOSUPPORT UV_EPROTOTYPE UV_ERANGE UV_EREMCHG UV_EREMOTE UV_EREMOTEIO "
        "UV_ERESTART UV_ERFKILL UV_EROFS UV_ESHUTDOWN UV_ESOCKTNOSUPPORT UV_ESPIPE UV_ESRCH "
        "UV_ESRMNT UV_ESTALE UV_ESTRPIPE UV_ETIME UV_ETIMEDOUT UV_ETOOMANYREFS UV_ETXTBSY "
        "UV_EUCLEAN UV_EUNATCH UV_EUSERS UV_EXDEV UV_EXFULL cconvert diskstat fdio open stat"
    ),
    "juliette.base.docs": "@__doc__ @doc Docs Documentation",
    "juliette.base.enums": "@enum Enum Enums instances typemax",
    "juliette.base.environment": (
        "ENV EnvDict Libc Sys gethostname getpid isexecutable time time_ns withenv"
    ),
    "juliette.base.exceptions": (
        "Channel ExceptionStack ExponentialBackOff Task current_exceptions retry"
    ),
    "juliette.base.files": (
        "Filesystem cd chmod cp ctime filemode filesize gperm hardlink isblockdev ischardev isdir "
        "isfifo isfile islink ismount ispath issocket lstat mkdir mkpath mktemp mktempdir mtime "
        "mv operm readdir readlink realpath rm samefile stat symlink tempdir tempname touch uperm "
        "walkdir"
    ),
    "juliette.base.float_layout": (
        "decompose exponent_bias exponent_bits exponent_half exponent_mask exponent_max "
        "exponent_one exponent_raw_max sign_mask significand_bits significand_mask uinttype"
    ),
    "juliette.base.folds": "accumulate accumulate! foldl foldr mapfoldl mapfoldr mapreduce reduce",
    "juliette.base.garbage": "GC atexit exit_on_sigint finalize finalizer",
    "juliette.base.generated": "@generated",
    "juliette.base.hashes": "hash",
    "juliette.base.immutable_dict": "ImmutableDict",
    "juliette.base.interactive": "clipboard format_bytes varinfo versioninfo",
    "juliette.base.internals": (
        "@default_eltype @get! Bottom Callable ENDIAN_BOM Typeof WeakRef _default_eltype "
        "_show_default _tablesz argtail array_summary bitreverse chown datatype_alignment "
        "datatype_fieldtypes depwarn disable_sigint fieldoffset has_free_typevars hashindex "
        "indexed_iterate isType isdispatchtuple isiterable issetgid issetuid issticky isunordered "
        "isvarargtype print_to_string promote_eltype promote_typeof reenable_sigint "
        "rewrap_unionall split_rest systemerror text_colors tuple_type_cons typesof undef_ref_str"
    ),
    "juliette.base.iterator_reductions": "all any argmax argmin count findmax findmin prod",
    "juliette.base.loading": (
        "compilerbarrier donotdelete evalfile include include_string inferencebarrier typeassert"
    ),
    "juliette.base.locks": (
        "@acquire @lock AbstractLock Condition Event ReentrantLock Semaphore Threads acquire "
        "islocked lock notify release reset trylock unlock wait"
    ),
    "juliette.base.logs": "@debug @error @info @logmsg @warn CoreLogging",
    "juliette.base.macros": "@MIME_str @__dot__ @assert @raw_str @show esc gensym",
    "juliette.base.mapping": "foreach",
    "juliette.base.matrices": (
        "acot acoth acsc acsch asec asech cot coth csc csch kron kron! sec sech sincos"
    ),
    "juliette.base.memory_questions": (
        "dataids datatype_haspadding datatype_pointerfree isbitsunion mightalias unalias "
        "unaliascopy"
    ),
    "juliette.base.meta": (
        "GlobalRef Meta is_id_start_char is_short_function_def isbinaryoperator isexpr isgensym "
        "isidentifier isoperator ispostfixoperator isunaryoperator operator_associativity "
        "operator_precedence remove_linenums!"
    ),
    "juliette.base.method_reflection": (
        "Method MethodList applicable functionloc hasmethod invoke isambiguous kwarg_decl "
        "method_argnames methods which"
    ),
    "juliette.base.missing": (
        "Missing SkipMissing adjoint argmax argmin ceil exponent findall findfirst findlast "
        "findmax findmin floor isinteger ispow2 isreal missing round skipmissing transpose trunc "
        "~"
    ),
    "juliette.base.module_reflection": (
        "binding_module fullname isconst isexported isfieldatomic methodswith moduleroot names "
        "parentmodule show_supertypes subtypes supertypes"
    ),
    "juliette.base.nested_loops": "Cartesian",
    "juliette.base.numbers.bits": (
        "& bitreverse bitrotate bswap count_ones count_zeros htol hton leading_ones leading_zeros "
        "ltoh nand nor ntoh signed trailing_ones trailing_zeros uabs unsigned xor | ~ ⊻ ⊼ ⊽"
    ),
    "juliette.base.numbers.checked": (
        "Checked add_with_overflow checked_abs checked_add checked_cld checked_div checked_fld "
        "checked_mod checked_mul checked_neg checked_pow checked_rem checked_sub "
        "mul_with_overflow sub_with_overflow"
    ),
    "juliette.base.numbers.circle": "cis cispi",
    "juliette.base.numbers.complex_functions": "Complex angle cispi cospi im isreal reim sinpi",
    "juliette.base.numbers.complexes": "Complex angle cispi cospi im isreal reim sinpi",
    "juliette.base.numbers.floats": (
        "Inf Inf16 Inf32 Inf64 NaN NaN16 NaN32 NaN64 bitstring eps exponent floatmax floatmin "
        "frexp get_zero_subnormals ldexp maxintfloat modf nextfloat precision prevfloat "
        "set_zero_subnormals significand typemax"
    ),
    "juliette.base.numbers.irrationals": (
        "@irrational AbstractIrrational Irrational MathConstants catalan eulergamma golden pi γ π "
        "φ ℯ"
    ),
    "juliette.base.numbers.parsing": "parse tryparse",
    "juliette.base.numbers.questions": "isfinite isinf isinteger isnan issubnormal signbit",
    "juliette.base.numbers.rationals": (
        "AbstractIrrational Irrational Rational denominator gcd lcm numerator rationalize signbit"
    ),
    "juliette.base.numbers.rounding": (
        "RoundDown RoundFromZero RoundNearest RoundNearestTiesAway RoundNearestTiesUp RoundToZero "
        "RoundUp RoundingMode ceil floor round trunc unsafe_trunc"
    ),
    "juliette.base.numbers.text": (
        "@big_str @int128_str @uint128_str digits digits! ndigits rounding setprecision setrounding"
    ),
    "juliette.base.numbers.theory": (
        "binomial factorial gcd gcdx invmod ispow2 isqrt lcm nextpow nextprod powermod prevpow"
    ),
    "juliette.base.numbers.trigonometry": (
        "acosd acot acotd acoth acsc acscd acsch asec asecd asech asind atand cosc cosd cospi cot "
        "cotd coth csc cscd csch deg2rad hypot rad2deg sec secd sech sinc sincos sincosd sincospi "
        "sind sinpi tand tanpi"
    ),
    "juliette.base.optional": (
        "Missing Some coalesce ismissing isnothing nonmissingtype nonnothingtype notnothing "
        "something"
    ),
    "juliette.base.orderings": (
        "By Forward ForwardOrdering Lt Order Ordering Perm Reverse ReverseOrdering lt ord"
    ),
    "juliette.base.output": (
        "displaysize error_color info_color printstyled redirect_stderr redirect_stdin "
        "redirect_stdio redirect_stdout unwrapcontext warn_color"
    ),
    "juliette.base.package_ids": (
        "@time_imports PkgId identify_package loaded_modules loaded_modules_array "
        "loaded_modules_order require root_module root_module_exists root_module_key"
    ),
    "juliette.base.paths": (
        "abspath basename contractuser dirname expanduser homedir isabspath isdirpath joinpath "
        "normpath pwd relpath splitdir splitdrive splitext splitpath"
    ),
    "juliette.base.pipes": (
        "BufferStream Pipe PipeBuffer ReadEachIterator closewrite readeach skipchars"
    ),
    "juliette.base.pointers": (
        "@ccall @cfunction @threadcall C_NULL Cchar Cdouble Cfloat Cint Cintmax_t Clong Clonglong "
        "Cptrdiff_t Cshort Csize_t Cssize_t Cstring Cuchar Cuint Cuintmax_t Culong Culonglong "
        "Cushort Cvoid Cwchar_t Cwstring Ptr ccall cconvert cglobal hash llvmcall pointer "
        "pointer_from_objref unsafe_convert unsafe_load unsafe_modify! unsafe_pointer_to_objref "
        "unsafe_read unsafe_replace! unsafe_store! unsafe_string unsafe_swap! unsafe_wrap "
        "unsafe_write"
    ),
    "juliette.base.processes": (
        "Process ProcessChain ProcessFailedException SIGHUP SIGINT SIGKILL SIGPIPE SIGQUIT "
        "SIGTERM download eachline getpid kill open process_exited process_running read readline "
        "readlines run success wait"
    ),
    "juliette.base.projects": (
        "DEPOT_PATH LOAD_PATH __precompile__ active_project atreplinit find_package get_extension "
        "include_dependency load_path pathof pkgdir pkgversion precompile set_active_project"
    ),
    "juliette.base.randomness": "rand randexp randn",
    "juliette.base.reading": (
        "EachLine bytesavailable countlines eachline eof read read! readavailable readbytes! "
        "readchomp readline readlines readuntil"
    ),
    "juliette.base.reducing": "reduce_empty reduce_first",
    "juliette.base.reductions": "all any count mapreduce prod reduce",
    "juliette.base.reductions_into": (
        "_extrema_rf all! any! count! extrema! findmax! findmin! maximum! minimum! prod! sum!"
    ),
    "juliette.base.reflection": (
        "<: >: fieldcount fieldindex fieldname fieldnames fieldtype fieldtypes hasfield isa "
        "isabstracttype isbits isbitstype isconcretetype isimmutable ismutable ismutabletype "
        "isprimitivetype issingletontype isstructtype morespecific nameof nfields summarysize "
        "supertype typeintersect typejoin typeof uniontypes unwrap_unionall"
    ),
    "juliette.base.replacing": "replace",
    "juliette.base.reshaping": (
        "adjoint circcopy! circshift circshift! conj! dropdims invperm invpermute! isperm isreal "
        "permute! permutedims permutedims! reshape reverse! rot180 rotl90 rotr90 transpose vec"
    ),
    "juliette.base.searching": "findall findfirst findlast findnext findprev indexin ∈ ∉ ∋ ∌",
    "juliette.base.simple_vector": "SimpleVector hash svec",
    "juliette.base.slices": (
        "AbstractSlices ColumnSlices RowSlices Slices eachcol eachrow eachslice mapslices "
        "selectdim sortslices"
    ),
    "juliette.base.sorted_searching": "insorted searchsorted searchsortedfirst searchsortedlast",
    "juliette.base.sorting": (
        "DEFAULT_STABLE DEFAULT_UNSTABLE InsertionSort MergeSort PartialQuickSort QuickSort Sort "
        "partialsort partialsort! partialsortperm partialsortperm! sort sortperm!"
    ),
    "juliette.base.streams": (
        "IOError close fd flush ismarked isopen isreadable isreadonly iswritable mark open "
        "position reset seek seekend seekstart skip take! truncate unmark"
    ),
    "juliette.base.strings.characters": (
        "CodePointError InvalidCharError codepoint isascii iscntrl isdigit isletter islowercase "
        "ismalformed isnumeric isoverlong isprint ispunct isspace isuppercase isvalid isxdigit "
        "lowercase ncodeunits titlecase uppercase"
    ),
    "juliette.base.strings.indexing": "EachStringIndex codeunit isvalid ncodeunits thisind",
    "juliette.base.strings.pieces": (
        "SplitIterator chomp chop chopprefix chopsuffix eachsplit endswith join lpad lstrip rpad "
        "rsplit rstrip split startswith strip"
    ),
    "juliette.base.strings.regex": (
        "@r_str @s_str AbstractMatch Regex RegexMatch RegexMatchIterator SubstitutionString "
        "eachmatch hash match"
    ),
    "juliette.base.strings.search": (
        "AbstractPattern Regex contains count findall findfirst findlast findnext findprev occursin"
    ),
    "juliette.base.strings.transform": (
        "bytes2hex escape_raw_string escape_string hex2bytes hex2bytes! lowercase lowercasefirst "
        "replace reverseind titlecase unescape_string uppercase uppercasefirst"
    ),
    "juliette.base.strings.unicode": "Unicode textwidth",
    "juliette.base.strings.versions": (
        "@v_str VERSION VersionNumber hash nextmajor nextminor nextpatch parse thismajor "
        "thisminor thispatch tryparse"
    ),
    "juliette.base.submodules": (
        "@fastmath FastMath GMP MPFR Math Multimedia Rounding Ryu SimdLoop"
    ),
    "juliette.base.tasks": (
        "@async @sync @task AbstractChannel Channel CompositeException ExceptionStack "
        "ExponentialBackOff Task TaskFailedException Timer _wait asyncmap asyncmap! bind close "
        "current_exceptions current_task errormonitor fetch isfull isopen isready istaskdone "
        "istaskfailed istaskstarted n_avail put! retry schedule sleep take! task_local_storage "
        "timedwait wait yield yieldto"
    ),
    "juliette.base.timing": (
        "@allocated @allocations @elapsed @showtime @time @timed @timev GC_Diff gc_bytes"
    ),
    "juliette.base.type_fields": "typename",
    "juliette.base.uuid": "UUID parse tryparse",
    "juliette.base.writing": "write",
    "juliette.display.dump": "dump",
    "juliette.display.errors": "Experimental show_method_candidates",
    "juliette.display.expressions": "show_unquoted",
    "juliette.display.methods": (
        "Method MethodList applicable functionloc hasmethod invoke isambiguous kwarg_decl "
        "method_argnames methods which"
    ),
    "juliette.display.tasks": (
        "@async @sync @task AbstractChannel Channel CompositeException ExceptionStack "
        "ExponentialBackOff Task TaskFailedException Timer _wait asyncmap asyncmap! bind close "
        "current_exceptions current_task errormonitor fetch isfull isopen isready istaskdone "
        "istaskfailed istaskstarted n_avail put! retry schedule sleep take! task_local_storage "
        "timedwait wait yield yieldto"
    ),
}

# Which of them Base exports.
EXPORTED: dict[str, str] = {
    "Base": (
        "& <: >: @Kwargs @MIME_str @NamedTuple @__DIR__ @__FILE__ @__LINE__ @__MODULE__ @__doc__ "
        "@__dot__ @allocated @allocations @assert @async @atomic @atomicreplace @atomicswap "
        "@big_str @boundscheck @ccall @cfunction @cmd @coalesce @code_llvm @code_lowered "
        "@code_native @code_typed @code_warntype @debug @deprecate @doc @elapsed @enum @error "
        "@eval @fastmath @functionloc @generated @gensym @goto @inbounds @info @inline "
        "@int128_str @invoke @invokelatest @irrational @isdefined @kwdef @label @lock "
        "@macroexpand @macroexpand1 @noinline @nospecialize @polly @r_str @raw_str @s_str @show "
        "@showtime @simd @something @specialize @static @sync @task @threadcall @time "
        "@time_imports @timed @timev @uint128_str @v_str @warn @which AbstractChannel "
        "AbstractMatch AbstractPattern AbstractSlices C_NULL CapturedException Cchar Cdouble "
        "Cfloat Channel Cint Cintmax_t Clong Clonglong Cmd ColumnSlices CompositeException "
        "Condition Cptrdiff_t Cshort Csize_t Cssize_t Cstring Cuchar Cuint Cuintmax_t Culong "
        "Culonglong Cushort Cvoid Cwchar_t Cwstring DEPOT_PATH Docs ENDIAN_BOM ENV Enum "
        "ExponentialBackOff GC GlobalRef Inf Inf16 Inf32 Inf64 InitError InsertionSort LOAD_PATH "
        "Libc MathConstants MergeSort Meta Method NaN NaN16 NaN32 NaN64 PartialQuickSort Pipe "
        "PipeBuffer ProcessFailedException Ptr QuickSort RawFD ReentrantLock Regex RegexMatch "
        "RoundDown RoundFromZero RoundNearest RoundNearestTiesAway RoundNearestTiesUp RoundToZero "
        "RoundUp RoundingMode RowSlices Slices Some StackTraces SubstitutionString Sys Task "
        "TaskFailedException Threads Timer VERSION VersionNumber WeakRef __precompile__ abspath "
        "accumulate accumulate! acosd acot acotd acoth acsc acscd acsch addenv adjoint all all! "
        "angle any any! applicable argmax argmin asec asecd asech asind asyncmap asyncmap! atand "
        "atexit atreplinit backtrace basename bind binomial bitreverse bitrotate bitstring bswap "
        "bytes2hex bytesavailable catch_backtrace ccall cconvert cd ceil cglobal chmod chomp chop "
        "chopprefix chopsuffix chown circcopy! circshift circshift! cis cispi clipboard close "
        "closewrite coalesce code_llvm code_lowered code_native code_typed code_warntype "
        "codepoint codeunit conj! contains contractuser cosc cosd cospi cot cotd coth count "
        "count! count_ones count_zeros countlines cp csc cscd csch ctime cumprod cumprod! cumsum "
        "cumsum! current_exceptions current_task deg2rad denominator detach diff digits digits! "
        "dirname disable_sigint diskstat displaysize download dropdims dump eachcol eachline "
        "eachmatch eachrow eachslice eachsplit endswith eof eps errormonitor esc escape_string "
        "evalfile expanduser exponent extrema! factorial fd fetch fieldcount fieldname fieldnames "
        "fieldoffset fieldtype fieldtypes filemode filesize finalize finalizer findall findfirst "
        "findlast findmax findmax! findmin findmin! findnext findprev floatmax floatmin floor "
        "flush foldl foldr foreach frexp fullname functionloc gcd gcdx gensym get_zero_subnormals "
        "getglobal gethostname getpid gperm hardlink hasfield hash hasmethod hex2bytes hex2bytes! "
        "homedir htol hton hypot ignorestatus im include_dependency include_string indexin "
        "insorted instances invmod invoke invokelatest invperm invpermute! isa isabspath "
        "isabstracttype isascii isbits isbitstype isblockdev ischardev iscntrl isconcretetype "
        "isconst isdigit isdir isdirpath isdispatchtuple isfifo isfile isfinite isimmutable isinf "
        "isinteger isletter islink islocked islowercase ismarked ismissing ismount ismutable "
        "ismutabletype isnan isnothing isnumeric isopen ispath isperm ispow2 isprimitivetype "
        "isprint ispunct isqrt isreadable isreadonly isready isreal issetgid issetuid issocket "
        "isspace issticky isstructtype issubnormal istaskdone istaskfailed istaskstarted "
        "isunordered isuppercase isvalid iswritable isxdigit join joinpath kill kron kron! lcm "
        "ldexp leading_ones leading_zeros lock lowercase lowercasefirst lpad lstat lstrip ltoh "
        "macroexpand mapfoldl mapfoldr mapreduce mapslices mark match maximum! maxintfloat "
        "methods methodswith minimum! mkdir mkpath mktemp mktempdir modf modifyfield! "
        "modifyproperty! mtime mv nameof names nand ncodeunits ndigits nextfloat nextpow nextprod "
        "nfields nonmissingtype nor normpath notify ntoh numerator occursin open operm "
        "parentmodule parse partialsort partialsort! partialsortperm partialsortperm! pathof "
        "permute! permutedims permutedims! pi pipeline pkgdir pkgversion pointer "
        "pointer_from_objref position powermod precision precompile prevfloat prevpow printstyled "
        "process_exited process_running prod prod! put! pwd rad2deg rand randn rationalize read "
        "read! readavailable readbytes! readchomp readdir readeach readline readlines readlink "
        "readuntil realpath redirect_stderr redirect_stdin redirect_stdio redirect_stdout reduce "
        "reenable_sigint reim relpath replace replacefield! replaceproperty! reset reshape retry "
        "reverse! reverseind rm rot180 rotl90 rotr90 round rounding rpad rsplit rstrip run "
        "samefile schedule searchsorted searchsortedfirst searchsortedlast sec secd sech seek "
        "seekend seekstart selectdim set_zero_subnormals setcpuaffinity setenv setglobal! "
        "setprecision setrounding signbit signed significand sinc sincos sincosd sincospi sind "
        "sinpi skip skipchars skipmissing sleep something sort sortperm! sortslices split "
        "splitdir splitdrive splitext splitpath stacktrace startswith stat strip subtypes success "
        "sum! supertype supertypes swapfield! swapproperty! symlink systemerror take! tand tanpi "
        "task_local_storage tempdir tempname textwidth thisind time time_ns timedwait titlecase "
        "touch trailing_ones trailing_zeros transpose trunc truncate trylock tryparse typeassert "
        "typeintersect typejoin typemax typeof unescape_string unlock unmark unsafe_load "
        "unsafe_modify! unsafe_pointer_to_objref unsafe_read unsafe_replace! unsafe_store! "
        "unsafe_string unsafe_swap! unsafe_trunc unsafe_wrap unsafe_write unsigned uperm "
        "uppercase uppercasefirst varinfo vec versioninfo wait walkdir which withenv write xor "
        "yield yieldto | ~ π ℯ ∈ ∉ ∋ ∌ ⊻ ⊼ ⊽"
    ),
}

# Functions of the core to which a part adds methods for types of the core.
EXTENDED: dict[str, str] = {
    "juliette.base.atomics": "getfield getproperty setfield! setproperty!",
    "juliette.base.backtraces": "showerror",
    "juliette.base.internals": "checked_length dims2string",
    "juliette.base.iterator_reductions": "extrema maximum minimum sum",
    "juliette.base.loading": "Module",
    "juliette.base.mapping": "filter filter! map map!",
    "juliette.base.matrices": (
        "/ \\ ^ acos acosh asin asinh atan atanh cbrt cos cosh exp inv log sin sinh sqrt tan tanh "
        "√ ∛"
    ),
    "juliette.base.meta": "LineNumberNode Symbol copy",
    "juliette.base.missing": "complex float one oneunit zero",
    "juliette.base.numbers.bits": "<< >> >>>",
    "juliette.base.numbers.complex_functions": "* complex conj imag real",
    "juliette.base.numbers.complexes": "* complex conj imag real",
    "juliette.base.numbers.floats": "reinterpret typemin",
    "juliette.base.numbers.questions": "big float isone iszero",
    "juliette.base.numbers.rationals": "//",
    "juliette.base.numbers.rounding": "BigFloat",
    "juliette.base.numbers.text": "string",
    "juliette.base.numbers.trigonometry": "atan log",
    "juliette.base.optional": "Nothing",
    "juliette.base.output": "IOContext get getindex haskey in keys",
    "juliette.base.reading": "peek",
    "juliette.base.reductions": "extrema maximum minimum sum",
    "juliette.base.reflection": "promote_typejoin sizeof",
    "juliette.base.replacing": "replace!",
    "juliette.base.reshaping": "reverse",
    "juliette.base.searching": "first in last",
    "juliette.base.slices": "unique",
    "juliette.base.sorting": "issorted sort! sortperm",
    "juliette.base.streams": "IOBuffer copy",
    "juliette.base.strings.characters": (
        "% + - Char first getindex isempty last length only rem size"
    ),
    "juliette.base.strings.indexing": (
        "SubString checkbounds eachindex eltype first firstindex get getindex isempty keys last "
        "lastindex length maybeview nextind only parent parentindices prevind setindex! sizeof "
        "view"
    ),
    "juliette.base.strings.search": "in",
    "juliette.base.strings.transform": "filter map reverse",
    "juliette.base.type_fields": "TypeVar UnionAll show",
    "juliette.display.errors": "showerror",
}
