using NativeProxy.Foundation;

namespace NativeProxy.Admin;

/// <summary>What the states of sessions are called in the API, and who or what is awaited in each. Immutable; any thread.</summary>
internal static class SessionStates
{
    private static readonly (string Word, string WaitsFor)[] Rows =
    [
        /* Idle                   */ ("idle", "client"),
        /* ReadingProxyHeader     */ ("reading_proxy_header", "client"),
        /* Handshake              */ ("handshake", "client"),
        /* ReadingHello           */ ("reading_hello", "client"),
        /* ReadingHead            */ ("reading_head", "client"),
        /* ReadingBody            */ ("reading_body", "client"),
        /* WaitingForAdmission    */ ("waiting_for_admission", "limit or login"),
        /* WaitingInQueue         */ ("waiting_in_queue", "room at a server"),
        /* WaitingToRetry         */ ("waiting_to_retry", "pause"),
        /* WaitingForConnect      */ ("waiting_for_connect", "server"),
        /* WaitingForAnswer       */ ("waiting_for_answer", "server"),
        /* SendingAnswer          */ ("sending_answer", "server"),
        /* WaitingForClientToRead */ ("waiting_for_client_to_read", "client"),
        /* Tunnel                 */ ("tunnel", "client or server"),
        /* Lingering              */ ("lingering", "client"),
        /* Closing                */ ("closing", "client"),
    ];

    /// <summary>All words, for people.</summary>
    public static string Words
    {
        get
        {
            string[] words = new string[Rows.Length];
            for (int i = 0; i < words.Length; i++)
                words[i] = Rows[i].Word;
            return string.Join(", ", words);
        }
    }

    public static string WordOf(SessionState state) => Rows[(int)state].Word;

    public static string WaitsFor(SessionState state) => Rows[(int)state].WaitsFor;

    /// <summary>The state that is called so; null when none is.</summary>
    public static SessionState? Named(string word)
    {
        for (int i = 0; i < Rows.Length; i++)
        {
            if (Rows[i].Word == word)
                return (SessionState)i;
        }
        return null;
    }
}
