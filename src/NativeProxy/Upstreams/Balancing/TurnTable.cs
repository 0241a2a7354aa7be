using System;

namespace NativeProxy.Upstreams.Balancing;

/// <summary>
/// Whose turn it is: the order of one round of a weighted round robin, smoothly interleaved (nginx's algorithm: each step raises every server by
/// its weight, takes the highest and lowers that one by the sum), so that 5:1:1 goes a a b a c a a. All workers have the same table, so that a
/// position in it is all they need to agree on. Pure.
/// </summary>
internal static class TurnTable
{
    /// <summary>Longest round. Beyond it weights are rounded to fit, none to less than one turn.</summary>
    public const int TurnsMax = 32 * 1024;

    /// <summary>Steps of making a table, servers times turns: some milliseconds at a reload.</summary>
    private const long StepsMax = 4_000_000;

    /// <summary>Indices of the servers in the order of their turns; empty when all weights are 0.</summary>
    public static ushort[] Of(ReadOnlySpan<int> weights)
    {
        int[] shares = SharesOf(weights);
        int sum = 0;
        foreach (int share in shares)
            sum += share;
        var turns = new ushort[sum];
        var standing = new int[shares.Length];
        for (int turn = 0; turn < turns.Length; turn++)
        {
            int best = -1;
            for (int i = 0; i < shares.Length; i++)
            {
                standing[i] += shares[i];
                if (shares[i] > 0 && (best < 0 || standing[i] > standing[best]))
                    best = i;
            }
            standing[best] -= sum;
            turns[turn] = (ushort)best;
        }
        return turns;
    }

    /// <summary>Turns of each server in a round: the weights without their common divisor, so that equal ones are one turn each.</summary>
    private static int[] SharesOf(ReadOnlySpan<int> weights)
    {
        int divisor = 0;
        long sum = 0;
        foreach (int weight in weights)
            divisor = CommonDivisor(divisor, weight);
        var shares = new int[weights.Length];
        for (int i = 0; i < shares.Length; i++)
            sum += shares[i] = divisor == 0 ? 0 : weights[i] / divisor;
        long turnsMax = Math.Max(shares.Length, Math.Min(TurnsMax, StepsMax / Math.Max(1, shares.Length)));
        for (int i = 0; i < shares.Length && sum > turnsMax; i++)
            shares[i] = shares[i] == 0 ? 0 : (int)Math.Max(1, shares[i] * turnsMax / sum);
        return shares;
    }

    private static int CommonDivisor(int a, int b)
    {
        while (b != 0)
            (a, b) = (b, a % b);
        return a;
    }
}
