using System.Collections.Generic;

namespace NativeProxy.LoadTest.Compare.Contenders;

/// <summary>nginx with one worker; it streams bodies as the others do, and its access log is buffered.</summary>
internal sealed class Nginx(string path) : Contender("nginx")
{
    public override string Version { get; } = ProgramVersion.Ask(path, "-v");

    protected override bool SpeaksTls => true;

    public override string Configuration(ContenderSetup setup) => $$"""
        daemon off;
        {{(Linux.Libc.EffectiveUser() == 0 ? "user root;" : "# not started as root")}}
        worker_processes 1;
        worker_rlimit_nofile {{(2 * setup.ConnectionsMax) + 100}};
        pid {{setup.Folder}}/nginx.pid;
        error_log {{setup.Folder}}/error.log crit;

        events {
            worker_connections {{2 * setup.ConnectionsMax}};
        }

        http {
            access_log {{(setup.HasAccessLog ? $"{setup.AccessLogPath} combined buffer=64k flush=1s" : "off")}};
            client_body_temp_path {{setup.Folder}}/body;
            proxy_temp_path {{setup.Folder}}/proxy;
            fastcgi_temp_path {{setup.Folder}}/fastcgi;
            uwsgi_temp_path {{setup.Folder}}/uwsgi;
            scgi_temp_path {{setup.Folder}}/scgi;
            keepalive_timeout 75s;
            keepalive_requests 1000000000;
            client_header_timeout 10s;
            client_max_body_size 0;
            client_body_buffer_size 128k;

            upstream app {
                server {{setup.Origin}};
                keepalive {{setup.ConnectionsMax}};
                keepalive_requests 1000000000;
            }

            server {
                listen {{setup.Listen}} backlog=4096{{(setup.IsTls ? " ssl" : "")}};
                {{(setup.IsTls ? Tls(setup) : "# no TLS")}}
                location / {
                    proxy_pass http://app;
                    proxy_http_version 1.1;
                    proxy_set_header Connection "";
                    proxy_set_header Host $http_host;
                    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
                    proxy_set_header X-Forwarded-Proto $scheme;
                    proxy_request_buffering off;
                    proxy_max_temp_file_size 0;
                    proxy_buffer_size 16k;
                    proxy_buffers 16 16k;
                    proxy_busy_buffers_size 64k;
                }
            }
        }

        """;

    private static string Tls(ContenderSetup setup) => $"""
        ssl_certificate {setup.CertificatePath};
                ssl_certificate_key {setup.CertificatePath};
                ssl_protocols TLSv1.3;
                ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;
                ssl_ecdh_curve X25519;
                ssl_session_tickets on;
        """;

    public override IReadOnlyList<string> Command(ContenderSetup setup) =>
        [path, "-p", setup.Folder, "-e", setup.Folder + "/error.log", "-c", setup.ConfigurationPath];
}
