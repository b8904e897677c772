using Test
using Dates
import Base: +, -, ==, show
struct Clock
    minutes::Int
    Clock(h::Integer, m::Integer = 0) = new(mod(60h + m, 1440))
end
+(c::Clock, p::Minute) = Clock(0, c.minutes + Dates.value(p))
-(c::Clock, p::Minute) = c + -p
+(c::Clock, p::Hour) = c + Minute(p)
show(io::IO, c::Clock) = print(io, '"', lpad(c.minutes ÷ 60, 2, '0'), ':', lpad(c.minutes % 60, 2, '0'), '"')
@testset "clock" begin
    @test sprint(show, Clock(8, 0)) == "\"08:00\""
    @test Clock(25, 0) == Clock(1)
    @test Clock(1, -40) == Clock(0, 20)
    @test Clock(10) + Minute(61) == Clock(11, 1)
    @test Clock(0) - Minute(1) == Clock(23, 59)
    @test Clock(1) + Hour(25) == Clock(2)
end
@testset "dates" begin
    d = Date(2024, 2, 28)
    @test d + Day(2) == Date(2024, 3, 1)
    @test dayofweek(Date(2024, 1, 1)) == 1 && dayname(Date(2024, 1, 1)) == "Monday"
    @test Dates.format(DateTime(2024, 3, 5, 14, 7, 9), "yyyy-mm-dd HH:MM:SS") == "2024-03-05 14:07:09"
    @test Date("2024-12-25") - Date("2024-12-24") == Day(1)
    @test collect(Date(2024, 1, 30):Day(1):Date(2024, 2, 1)) == [Date(2024, 1, 30), Date(2024, 1, 31), Date(2024, 2, 1)]
    @test isleapyear(2024) && daysinmonth(2023, 2) == 28 && year(d) == 2024 && Dates.month(d) == 2
    @test DateTime(2011, 4, 25) + Second(10^9) == DateTime(2043, 1, 1, 1, 46, 40)
    @test string(d) == "2024-02-28" && Dates.value(Millisecond(Second(2))) == 2000
    @test DateTime("01/02/2024", dateformat"dd/mm/yyyy") == DateTime(2024, 2, 1)
    @test lastdayofmonth(d) == Date(2024, 2, 29) && Month(1) + d == Date(2024, 3, 28)
end
