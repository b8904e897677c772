using Test, Dates

struct Event
    name::String
    start::DateTime
    len::Period
end

finish(e::Event) = e.start + e.len
overlaps(a::Event, b::Event) = a.start < finish(b) && b.start < finish(a)
conflicts(es) = [(a.name, b.name) for (i, a) in enumerate(es) for b in es[i+1:end] if overlaps(a, b)]
agenda(es) = [Dates.format(e.start, dateformat"yyyy-mm-dd HH:MM") * " " * e.name for e in sort(es; by=e -> e.start)]
easter(y) = let a = y % 19, b = y ÷ 100, c = y % 100
    d, e = divrem(b, 4)
    f = (b + 8) ÷ 25
    g = (b - f + 1) ÷ 3
    h = (19a + b - d - g + 15) % 30
    i, k = divrem(c, 4)
    l = (32 + 2e + 2i - h - k) % 7
    m = (a + 11h + 22l) ÷ 451
    Date(y, divrem(h + l - 7m + 114, 31)[1], (h + l - 7m + 114) % 31 + 1)
end

age(born::Date, on::Date) = year(on) - year(born) - ((month(on), day(on)) < (month(born), day(born)))

function calendar(y, m)
    io = IOBuffer()
    println(io, "Mo Tu We Th Fr Sa Su")
    print(io, "   "^(dayofweek(Date(y, m)) - 1))
    for d in 1:daysinmonth(y, m)
        print(io, lpad(d, 2), dayofweek(Date(y, m, d)) == 7 || d == daysinmonth(y, m) ? '\n' : ' ')
    end
    String(take!(io))
end

@testset "calendar" begin
    a = Event("a", DateTime(2024, 1, 1, 9), Hour(2))
    b = Event("b", DateTime(2024, 1, 1, 10, 30), Minute(30))
    c = Event("c", DateTime(2024, 1, 2), Day(1))
    @test conflicts([a, b, c]) == [("a", "b")]
    @test agenda([c, b, a])[1] == "2024-01-01 09:00 a"
    @test finish(b) == DateTime(2024, 1, 1, 11)
    @test easter(2024) == Date(2024, 3, 31) && easter(2025) == Date(2025, 4, 20)
    @test age(Date(2000, 2, 29), Date(2024, 2, 28)) == 23
    @test calendar(2024, 2) |> s -> split(s, '\n')[2] == "          1  2  3  4"
    @test Date(2024, 2, 29) + Year(1) == Date(2025, 2, 28)
    @test filter(d -> day(d) == 13 && dayname(d) == "Friday", Date(2024):Day(1):Date(2024, 12, 31)) == [Date(2024, 9, 13), Date(2024, 12, 13)]
    @test week(Date(2024, 1, 1)) == 1 && quarterofyear(Date(2024, 5, 5)) == 2 && dayofyear(Date(2024, 12, 31)) == 366
    @test string(DateTime(2024, 1, 1, 1, 2, 3)) == "2024-01-01T01:02:03"
    @test Hour(25) > Day(1) && Minute(60) == Hour(1) && string(Hour(2) + Minute(5)) == "2 hours, 5 minutes"
    @test Time(12, 30) + Minute(45) == Time(13, 15) && Date(DateTime(2024, 5, 6, 7)) == Date(2024, 5, 6)
    @test trunc(DateTime(2024, 5, 6, 7), Month) == DateTime(2024, 5) && round(DateTime(2024, 5, 6, 17), Day) == DateTime(2024, 5, 7)
    @test (Date(2024, 12, 25) - Date(2024, 12, 1)).value == 24 && Date(2024) < Date(2025) && monthname(Date(2024, 3)) == "March"
    @test_throws ArgumentError Date("2024-13-01")
    @test tryparse(Date, "x") === nothing && Dates.datetime2unix(DateTime(1970)) == 0.0
    @test lastdayofmonth(Date(2023, 2, 3)) == Date(2023, 2, 28) && toprev(Date(2024, 1, 10), Monday) == Date(2024, 1, 8)
end
