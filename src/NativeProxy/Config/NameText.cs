namespace NativeProxy.Config;

/// <summary>Names of listeners, upstreams and servers: they stand in log lines and metric labels, so blanks and quotes are refused. Pure.</summary>
internal static class NameText
{
    public const string Pattern = "^[A-Za-z0-9._:-]{1,64}$";

    public const string Expected = "1 to 64 letters, digits and . _ : -";

    public static bool IsValid(string text)
    {
        foreach (char c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('.' or '_' or ':' or '-'))
                return false;
        }

        return text.Length is >= 1 and <= 64;
    }
}
