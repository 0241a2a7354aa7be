using System.Buffers;
using System.Text;
using NativeProxy.Admin;
using NativeProxy.Config;
using NativeProxy.Tests.Upstreams;
using NativeProxy.Upstreams.Board;
using Xunit;

namespace NativeProxy.Tests.Admin;

public class ServerMetricsTextTests
{
    [Fact]
    public void CheckedServer_ShowsItsHealth_AnUncheckedOneItsLoad()
    {
        var test = new ServersOnBoard("a1 b1", workers: 2);
        test.Slot("a").IsChecked = true;
        test.Slot("a").IsUp = false;
        test.Slot("a").CountDown();
        test.Slot("a").CountCheck(passed: true);
        test.Slot("a").CountCheck(passed: false);
        test.Slot("b", worker: 0).SetRunning(2);
        test.Slot("b", worker: 1).SetRunning(3);
        test.Slot("b").Operator = OperatorState.Maintenance;

        Assert.Equal(
            """
            # HELP nativeproxy_server_requests_running Requests that run on a server now.
            # TYPE nativeproxy_server_requests_running gauge
            nativeproxy_server_requests_running{upstream="app",server="a"} 0
            nativeproxy_server_requests_running{upstream="app",server="b"} 5
            # HELP nativeproxy_server_up Whether a server has an address and does not fail its health checks.
            # TYPE nativeproxy_server_up gauge
            nativeproxy_server_up{upstream="app",server="a"} 0
            nativeproxy_server_up{upstream="app",server="b"} 1
            # HELP nativeproxy_server_operator_state What an operator has set a server to: 0 ready, 1 drain, 2 maintenance.
            # TYPE nativeproxy_server_operator_state gauge
            nativeproxy_server_operator_state{upstream="app",server="a"} 0
            nativeproxy_server_operator_state{upstream="app",server="b"} 2
            # HELP nativeproxy_server_ejected Whether a server is left out now for requests that failed on it.
            # TYPE nativeproxy_server_ejected gauge
            nativeproxy_server_ejected{upstream="app",server="a"} 0
            nativeproxy_server_ejected{upstream="app",server="b"} 0
            # HELP nativeproxy_server_ejections_total Times a server was left out for requests that failed on it.
            # TYPE nativeproxy_server_ejections_total counter
            nativeproxy_server_ejections_total{upstream="app",server="a"} 0
            nativeproxy_server_ejections_total{upstream="app",server="b"} 0
            # HELP nativeproxy_server_downs_total Times a server went down.
            # TYPE nativeproxy_server_downs_total counter
            nativeproxy_server_downs_total{upstream="app",server="a"} 1
            # HELP nativeproxy_server_checks_total Health checks of a server.
            # TYPE nativeproxy_server_checks_total counter
            nativeproxy_server_checks_total{upstream="app",server="a"} 2
            # HELP nativeproxy_server_checks_failed_total Health checks that a server failed.
            # TYPE nativeproxy_server_checks_failed_total counter
            nativeproxy_server_checks_failed_total{upstream="app",server="a"} 1

            """.ReplaceLineEndings("\n"),
            TextOf(test.Board));
    }

    [Fact]
    public void BoardWithoutServers_ShowsNothing() => Assert.Equal("", TextOf(ServersOnBoard.NewBoard()));

    private static string TextOf(ServerBoard board)
    {
        var output = new ArrayBufferWriter<byte>();
        ServerMetricsText.Write(board, output);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
