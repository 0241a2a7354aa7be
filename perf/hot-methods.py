#!/usr/bin/env python3
"""Finds the methods that requests run through, for src/NativeProxy/hot-methods.txt: the compiler lays these side by side.

    ./run.sh --build && python3 perf/hot-methods.py > src/NativeProxy/hot-methods.txt

Counts instructions of out/nativeproxy with valgrind's callgrind (to be installed with the system's packages, as openssl, which makes a certificate)
while it answers GET, POST, pipelined requests, requests on connections of their own and cached ones, in the clear and through TLS, on both engines.
The order is that of the binary before, which is that of the sources.
"""
import bisect
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

BINARY = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'out', 'nativeproxy')
ROUNDS = 300
INSTRUCTIONS_MIN = 0.01  # per request: what runs less often than once in a while stays where it is
ANSWER = b'HTTP/1.1 200 OK\r\nContent-Length: 64\r\nCache-Control: max-age=60\r\nContent-Type: text/plain\r\n\r\n' + b'x' * 64


def serve(listening):
    def answer(connection):
        rest = b''
        while True:
            data = connection.recv(65536)
            if not data:
                return
            rest += data
            while b'\r\n\r\n' in rest:
                head, rest = rest.split(b'\r\n\r\n', 1)
                length = int((re.findall(rb'(?i)content-length: (\d+)', head) or [b'0'])[0])
                while len(rest) < length:
                    rest += connection.recv(65536)
                rest = rest[length:]
                connection.sendall(ANSWER)
    while True:
        threading.Thread(target=answer, args=(listening.accept()[0],), daemon=True).start()


def free_port():
    with socket.create_server(('127.0.0.1', 0)) as probe:
        return probe.getsockname()[1]


def read_answers(client, count):
    data = b''
    while count > 0:
        data += client.recv(65536)
        while b'\r\n\r\n' in data:
            head, rest = data.split(b'\r\n\r\n', 1)
            length = int(re.findall(rb'(?i)content-length: (\d+)', head)[0])
            if len(rest) < length:
                break
            data, count = rest[length:], count - 1


def connect(port, tls):
    client = socket.create_connection(('127.0.0.1', port))
    return tls.wrap_socket(client) if tls else client


def ask(port, tls=None):
    get = b'GET /%s HTTP/1.1\r\nHost: 127.0.0.1:12345\r\nUser-Agent: hot\r\nAccept: */*\r\n\r\n'
    with connect(port, tls) as client:
        for i in range(ROUNDS):
            client.sendall(get % b'plain')
            read_answers(client, 1)
            client.sendall(b'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20000\r\n\r\n' + b'y' * 20000)
            read_answers(client, 1)
            if i % 10 == 0:
                client.sendall(get % b'plain' * 8)
                read_answers(client, 8)
    for _ in range(ROUNDS // 3):
        with connect(port, tls) as client:
            client.sendall(get % b'plain')
            read_answers(client, 1)


def symbols():
    lines = subprocess.run(['nm', BINARY + '.dbg'], capture_output=True, text=True, check=True).stdout.splitlines()
    return sorted((int(a, 16), name) for a, kind, name in (line.split(' ', 2) for line in lines if line[:1] != ' ') if kind in 'tTwW')


def costs(path):
    """Instructions by address, in the main object."""
    found, objects, current, at, is_call = {}, {}, '', 0, False
    for line in open(path):
        if match := re.match(r'(c?)ob=\((\d+)\)(?: (.*))?$', line.strip()):
            if match[3]:
                objects[match[2]] = match[3]
            if not match[1]:
                current = objects.get(match[2], '')
        elif line.startswith('calls='):
            is_call = True
        elif match := re.match(r'(0x[0-9a-f]+|\+\d+|-\d+|\*) \S+ (\d+)', line):
            text = match[1]
            at = int(text, 16) if text.startswith('0x') else at if text == '*' else at + int(text)
            if not is_call and ('nativeproxy' in current or '???' in current):
                found[at] = found.get(at, 0) + int(match[2])
            is_call = False
    return found


def run(engine, hot, names):
    addresses = [address for address, _ in names]
    listening = socket.create_server(('127.0.0.1', 0))
    threading.Thread(target=serve, args=(listening,), daemon=True).start()
    port, secure, folder = free_port(), free_port(), tempfile.mkdtemp()
    make = 'openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 -subj /CN=localhost -addext subjectAltName=DNS:localhost'
    subprocess.run([*make.split(), '-keyout', folder + '/key.pem', '-out', folder + '/cert.pem'], capture_output=True, check=True)
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    with open(folder + '/my.toml', 'w') as file:
        file.write(f'[runtime]\nworkers = 1\nengine = "{engine}"\n[log]\naccess = "{folder}/log"\n'
                   f'[[listener]]\nname = "web"\nbind = ["127.0.0.1:{port}"]\nupstream = "app"\n'
                   f'[[listener]]\nname = "secure"\nbind = ["127.0.0.1:{secure}"]\nupstream = "app"\n[listener.tls]\nenabled = true\n'
                   f'[[listener.tls.certificate]]\nfile = "{folder}/cert.pem"\nkey = "{folder}/key.pem"\n'
                   f'[[upstream]]\nname = "app"\n[[upstream.server]]\nname = "a"\naddress = "127.0.0.1:{listening.getsockname()[1]}"\n')
    # Alone: valgrind gives up on the file of symbols that lies beside it.
    shutil.copy(BINARY, folder + '/nativeproxy')
    counted = subprocess.Popen(
        ['valgrind', '--tool=callgrind', f'--callgrind-out-file={folder}/out', '--dump-instr=yes', folder + '/nativeproxy', 'run', '-c', folder + '/my.toml'],
        env=dict(os.environ, DOTNET_GCHeapHardLimit='10000000'), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while True:
        try:
            socket.create_connection(('127.0.0.1', port)).close()
            break
        except OSError:
            if counted.poll() is not None:
                sys.exit('valgrind ended before the proxy listened')
            time.sleep(0.2)
    base = next(int(line.split('-')[0], 16) for line in open(f'/proc/{counted.pid}/maps') if line.rstrip().endswith('/nativeproxy'))
    ask(port)
    ask(secure, trusting)
    subprocess.run(['callgrind_control', '-z', str(counted.pid)], stdout=subprocess.DEVNULL, check=True)
    ask(port)
    ask(secure, trusting)
    counted.terminate()
    counted.wait()
    for address, count in costs(folder + '/out').items():
        at = bisect.bisect_right(addresses, address - base if address >= base else address) - 1
        if at >= 0:
            hot[names[at]] = hot.get(names[at], 0) + count / (ROUNDS * 3)


def main():
    names, hot = symbols(), {}
    for engine in ('epoll', 'saea'):
        run(engine, hot, names)
    for (_, name), count in sorted(hot.items()):
        if count >= INSTRUCTIONS_MIN and '__' in name:
            print(name)
    print(f'{len(hot)} methods', file=sys.stderr)


main()
