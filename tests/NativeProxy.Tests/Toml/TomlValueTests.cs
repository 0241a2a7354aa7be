using Xunit;

namespace NativeProxy.Tests.Toml;

/// <summary>What single values mean, and which are refused; also where the vectors are missing.</summary>
public sealed class TomlValueTests
{
    [Theory]
    [InlineData("0", "0")]
    [InlineData("+17", "17")]
    [InlineData("-0", "0")]
    [InlineData("1_000", "1000")]
    [InlineData("0xDEAD_beef", "3735928559")]
    [InlineData("0o0755", "493")]
    [InlineData("0b1101", "13")]
    [InlineData("9223372036854775807", "9223372036854775807")]
    [InlineData("-9223372036854775808", "-9223372036854775808")]
    [InlineData("0x7FFF_FFFF_FFFF_FFFF", "9223372036854775807")]
    public void Integer_IsRead(string literal, string expected) => Assert.Equal($"{{a={expected}}}", TomlTreeText.OfText($"a = {literal}"));

    [Theory]
    [InlineData("9223372036854775808")]
    [InlineData("-9223372036854775809")]
    [InlineData("0x8000_0000_0000_0000")]
    [InlineData("0xFFFFFFFFFFFFFFFFF")]
    [InlineData("99999999999999999999999999999999")]
    [InlineData("007")]
    [InlineData("1__0")]
    [InlineData("1_")]
    [InlineData("+0x1")]
    [InlineData("0X1")]
    [InlineData("0o8")]
    [InlineData("+")]
    [InlineData("75s")]
    [InlineData("127.0.0.1:80")]
    public void IntegerThatIsNone_IsRefused(string literal) => TomlTreeText.Refusal($"a = {literal}");

    [Theory]
    [InlineData("1.5", "1.5000000000000000E+000")]
    [InlineData("-0.0", "-0.0000000000000000E+000")]
    [InlineData("1e06", "1.0000000000000000E+006")]
    [InlineData("1_0.2_5E-1_0", "1.0250000000000001E-009")]
    [InlineData("+inf", "Infinity")]
    [InlineData("-inf", "-Infinity")]
    [InlineData("-nan", "NaN")]
    public void Float_IsRead(string literal, string expected) => Assert.Equal($"{{a={expected}}}", TomlTreeText.OfText($"a = {literal}"));

    [Theory]
    [InlineData(".5")]
    [InlineData("5.")]
    [InlineData("1.e3")]
    [InlineData("1e")]
    [InlineData("1e1.5")]
    [InlineData("1._5")]
    [InlineData("00.5")]
    [InlineData("Inf")]
    [InlineData("1e400")]
    public void FloatThatIsNone_IsRefused(string literal) => TomlTreeText.Refusal($"a = {literal}");

    [Fact]
    public void FloatOfManyDigitsWithUnderscores_IsRead()
    {
        string digits = new('1', 2_000);
        Assert.Equal("{a=1.1111111111111112E+000}", TomlTreeText.OfText($"a = 1.{digits}_{digits}"));
    }

    [Theory]
    [InlineData("1979-05-27T07:32:00Z", "1979-05-27T07:32:00.0000000+00:00")]
    [InlineData("1979-05-27t07:32:00z", "1979-05-27T07:32:00.0000000+00:00")]
    [InlineData("1979-05-27 00:32:00.999999-07:30", "1979-05-27T00:32:00.9999990-07:30")]
    [InlineData("1979-05-27T00:00:00+23:59", "1979-05-26T00:01:00.0000000+00:00")]
    [InlineData("1979-05-27T07:32:00.123456789", "1979-05-27T07:32:00.1234567")]
    [InlineData("2024-02-29", "2024-02-29")]
    [InlineData("23:59:59.9999999999", "23:59:59.9999999")]
    [InlineData("1979-05-27 # comment", "1979-05-27")]
    public void DateOrTime_IsRead(string literal, string expected) => Assert.Equal($"{{a={expected}}}", TomlTreeText.OfText($"a = {literal}"));

    [Theory]
    [InlineData("2023-02-29")]
    [InlineData("0000-01-01")]
    [InlineData("1979-13-01")]
    [InlineData("1979-00-01")]
    [InlineData("1979-5-27")]
    [InlineData("79-05-27")]
    [InlineData("1979-05-27T")]
    [InlineData("1979-05-27T07:32")]
    [InlineData("1979-05-27T24:00:00")]
    [InlineData("23:59:60")]
    [InlineData("07:32:00.")]
    [InlineData("07:32:00Z")]
    [InlineData("1979-05-27T07:32:00+24:00")]
    [InlineData("1979-05-27T07:32:00+0700")]
    [InlineData("0001-01-01T00:00:00+00:01")]
    [InlineData("9999-12-31T23:59:59-00:01")]
    public void DateOrTimeThatIsNone_IsRefused(string literal) => TomlTreeText.Refusal($"a = {literal}");

    [Theory]
    [InlineData("\"\"", "")]
    [InlineData("\"\\b\\t\\n\\f\\r\\\"\\\\\"", "\b\t\n\f\r\"\\")]
    [InlineData("\"\\u00e9\\U0001F600x\"", "é\U0001F600x")]
    [InlineData("'C:\\new\\u0041'", "C:\\new\\u0041")]
    [InlineData("\"\"\"\na\nb\"\"\"", "a\nb")]
    [InlineData("\"\"\"a \\  \n\n \t b\"\"\"", "a b")]
    [InlineData("\"\"\"\"a\"\"\"\"\"", "\"a\"\"")]
    [InlineData("'''\r\na\r\nb'''", "a\r\nb")]
    [InlineData("''''a'''''", "'a''")]
    public void String_IsRead(string literal, string expected) => Assert.Equal($"{{a=\"{expected}\"}}", TomlTreeText.OfText($"a = {literal}"));

    [Theory]
    [InlineData("\"a")]
    [InlineData("'a\n'")]
    [InlineData("\"\"\"a\"\"")]
    [InlineData("\"\\x41\"")]
    [InlineData("\"\\u12\"")]
    [InlineData("\"\\uD800\"")]
    [InlineData("\"\\U00110000\"")]
    [InlineData("\"\u0001\"")]
    [InlineData("'\u007F'")]
    [InlineData("\"\"\"a\rb\"\"\"")]
    [InlineData("\"\"\"a \\ b\"\"\"")]
    [InlineData("\"\"\"a\"\"\"\"\"\"")]
    [InlineData("round_robin")]
    public void StringThatIsNone_IsRefused(string literal) => TomlTreeText.Refusal($"a = {literal}");

    [Fact]
    public void LongStringWithEscapes_IsDecodedInFull()
    {
        string plain = new('x', 5_000);
        Assert.Equal($"{{a=\"{plain}\n{plain}\"}}", TomlTreeText.OfText($"a = \"{plain}\\n{plain}\""));
    }
}
