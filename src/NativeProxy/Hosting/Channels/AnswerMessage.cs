using System.Globalization;
using System.Text;

namespace NativeProxy.Hosting.Channels;

/// <summary>
/// What a worker answers: to which round of a reload, so that an answer that comes late is not taken for one to the next round, and why it
/// refuses.
/// </summary>
/// <param name="Round">The number that came with the question (<see cref="SettingsMessage.Round"/>); 0 = no reload: the start or the end of the
/// worker.</param>
/// <param name="Problem">Why it cannot, a sentence; empty when it can.</param>
internal sealed record AnswerMessage(int Round, string Problem = "")
{
    /// <summary>The number, a blank, the sentence.</summary>
    public byte[] Encode() => Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Round} {Problem}"));

    public static AnswerMessage Decode(byte[] payload)
    {
        string[] parts = Encoding.UTF8.GetString(payload).Split(' ', 2);
        return new AnswerMessage(int.Parse(parts[0], CultureInfo.InvariantCulture), parts[1]);
    }
}
