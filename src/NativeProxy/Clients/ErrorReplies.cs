using System;
using System.Globalization;
using System.Text;
using NativeProxy.Foundation;
using NativeProxy.Http;

namespace NativeProxy.Clients;

/// <summary>
/// The proxy's own answers: plain text that says what is wrong and, for a refused request, which rule it broke. The texts are built
/// once; writing one copies bytes. Immutable; any thread.
/// </summary>
internal static class ErrorReplies
{
    private static readonly byte[][] Texts = BuildTexts();
    private static readonly byte[][] Details = BuildDetails();
    private static readonly byte[]?[] RetryTexts = BuildRetryTexts();

    private static ReadOnlySpan<byte> End => ".\n"u8;

    /// <summary>The status of an answer: that of the broken rule when there is one, else that of the error.</summary>
    public static int StatusOf(ProxyError error, RejectReason detail) =>
        error == ProxyError.BadRequest && detail != RejectReason.None ? RejectReasons.StatusOf(detail) : ProxyErrors.Of(error).Status;

    /// <summary>Writes the fields of an answer.</summary>
    /// <param name="sink">Where to.</param>
    /// <param name="error">What went wrong.</param>
    /// <param name="statusCode">What <see cref="StatusOf"/> says.</param>
    /// <param name="date">The time, as Date says it; null for none.</param>
    /// <param name="allowedMethods">What the listener serves, which a 405 says (RFC 9110 15.5.6).</param>
    /// <param name="pages">What the file says of such answers; null when it says nothing.</param>
    public static void WriteFields<TSink>(
        ref TSink sink, ProxyError error, int statusCode, byte[]? date, ReadOnlySpan<byte> allowedMethods, ErrorPages? pages = null)
        where TSink : struct, IFieldSink, allows ref struct
    {
        if (pages is not { TypeIsSet: true })
            sink.AppendField("Content-Type"u8, pages?.Of(statusCode) is { } page ? page.ContentType : "text/plain; charset=utf-8"u8);
        if (pages is not { CachingIsSet: true })
            sink.AppendField("Cache-Control"u8, "no-store"u8);
        if (pages is not { RetryIsSet: true } && RetryTexts[(int)error] is { } retryAfter)
            sink.AppendField("Retry-After"u8, retryAfter);
        if (pages is { Lines.Length: > 0 })
            sink.AppendLines(pages.Lines);
        if (date is not null)
            sink.AppendField("Date"u8, date);
        if (statusCode == 405)
            sink.AppendField("Allow"u8, allowedMethods);
    }

    /// <summary>Length of the text.</summary>
    public static int TextBytes(ProxyError error, RejectReason detail) => Texts[(int)error].Length + DetailOf(detail).Length + End.Length;

    /// <summary>Writes the text.</summary>
    /// <param name="destination">At least <see cref="TextBytes"/>.</param>
    /// <param name="error">What went wrong.</param>
    /// <param name="detail">The rule that a refused request broke, or None.</param>
    public static void WriteText(Span<byte> destination, ProxyError error, RejectReason detail)
    {
        ReadOnlySpan<byte> text = Texts[(int)error];
        ReadOnlySpan<byte> why = DetailOf(detail);
        text.CopyTo(destination);
        why.CopyTo(destination[text.Length..]);
        End.CopyTo(destination[(text.Length + why.Length)..]);
    }

    private static ReadOnlySpan<byte> DetailOf(RejectReason detail) => detail == RejectReason.None ? default : Details[(int)detail];

    private static byte[][] BuildTexts()
    {
        var texts = new byte[ProxyErrors.Count][];
        for (int i = 0; i < texts.Length; i++)
            texts[i] = Encoding.ASCII.GetBytes(ProxyErrors.Of((ProxyError)i).Text);
        return texts;
    }

    private static byte[]?[] BuildRetryTexts()
    {
        var texts = new byte[]?[ProxyErrors.Count];
        for (int i = 0; i < texts.Length; i++)
        {
            int seconds = ProxyErrors.Of((ProxyError)i).RetryAfterS;
            texts[i] = seconds == 0 ? null : Encoding.ASCII.GetBytes(seconds.ToString(CultureInfo.InvariantCulture));
        }
        return texts;
    }

    private static byte[][] BuildDetails()
    {
        var details = new byte[RejectReasons.Count][];
        for (int i = 0; i < details.Length; i++)
            details[i] = Encoding.ASCII.GetBytes(" (" + RejectReasons.CodeOf((RejectReason)i).Replace('_', ' ') + ")");
        return details;
    }
}
