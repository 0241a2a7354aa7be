using System.Globalization;
using System.IO;
using System.Linq;
using System.Net.Sockets;
using System.Text;
using NativeProxy.Transport.Sockets;
using Xunit;

namespace NativeProxy.Tests.Transport;

public class SocketPairTests
{
    [Fact]
    public void Bytes_TravelBothWays()
    {
        (Socket first, Socket second) = SocketPair.Create();
        using (first)
        using (second)
        {
            first.Send("to second"u8);
            second.Send("to first"u8);

            Assert.Equal("to second", Encoding.ASCII.GetString(second.ReadExactly(9)));
            Assert.Equal("to first", Encoding.ASCII.GetString(first.ReadExactly(8)));
        }
    }

    [Fact]
    public void ClosingOneEnd_EndsTheOther()
    {
        (Socket first, Socket second) = SocketPair.Create();
        first.Send("last"u8);
        first.Dispose();

        using (second)
            Assert.Equal("last", Encoding.ASCII.GetString(second.ReadToEnd()));
    }

    [Fact]
    public void BothEnds_AreClosedOnExec()
    {
        const int CloseOnExec = 0x80000;
        (Socket first, Socket second) = SocketPair.Create();
        using (first)
        using (second)
        {
            foreach (Socket end in (Socket[])[first, second])
            {
                string flags = File.ReadLines($"/proc/self/fdinfo/{(int)end.Handle}")
                    .Single(static line => line.StartsWith("flags:", System.StringComparison.Ordinal));
                long bits = flags.Split('\t')[1].Aggregate(0L, static (sum, digit) => (sum * 8) + CharUnicodeInfo.GetDecimalDigitValue(digit));
                Assert.Equal(CloseOnExec, bits & CloseOnExec);
            }
        }
    }
}
