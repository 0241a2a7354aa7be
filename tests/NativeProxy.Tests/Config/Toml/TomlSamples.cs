namespace NativeProxy.Tests.Config.Toml;

/// <summary>Documents that more than one test uses.</summary>
internal static class TomlSamples
{
    /// <summary>Uses every construct of the language once, some beyond ASCII.</summary>
    public const string Rich = """"""
        # comment ü
        title = "näme \u00e9\t\U0001F600 \"q\""   # trailing
        'lit key' = 'C:\path'
        "esc\u0061ped".sub . third = 1
        multi = """
        one \
           two ""quoted"" """""
        raw = '''
        it's ''raw'' '''''
        ints = [ 0, +1, -17, 1_000, 0xDEAD_beef, 0o755, 0b1010, 9223372036854775807, -9223372036854775808, ]
        floats = [1.0, -0.5e-3, 6.02_2E+23, inf, -inf, nan]
        bools = [true, false]
        times = [1979-05-27T07:32:00.5Z, 1979-05-27 07:32:00-07:30, 1979-05-27T07:32:00, 1979-05-27, 07:32:00.999999]
        inline = { a = 1, b.c = [ { d = "x" }, {} ], "e" = [[1], # inside
          [2]] }
        [server]
        port = 8080
        [server.limits.deep]
        max = 10
        [server.limits]
        min = 1
        [[route]]
        path = "/"
        [[route.header]]
        name = "a"
        [[route]]
        [route.sub]
        x = "日本語"

        """""";
}
