# site.sh: the words that a case's site() and damage() use; runs as root inside a host.
#
#   php_site            index.php behind nginx and PHP-FPM on the Unix socket of Debian's own pool
#   app_site            a gunicorn application on 127.0.0.1:8000 as the service shop-app
#   app_unit ADDRESS    only that application and its service, for a host of its own
#   uwsgi_site [SOCKET] the same application in uWSGI, as shop-app with the ini file $ini; on /run/shop-app/app.sock
#   uwsgi_debian_site   … by Debian's own service for /etc/uwsgi/apps-enabled, whose defaults name the socket
#   uwsgi_set KEY VALUE an option of that file, from the service's next start on
#   kept_site SECONDS [HEADER]  an application on 127.0.0.1:8000 that closes idle connections after so many seconds, behind
#                       an upstream block whose connections nginx keeps; HEADER is one that it sends
#   kept_race SECONDS   two POSTs: one that is well, and one that nginx sends in the moment in which the application closes
#   nginx_site          takes the server block of the site "shop" from its input, and reloads nginx
#   dns_site            a DNS server on 127.0.0.1 for *.internal, which the host asks
#   dns_says [NAME ADDRESS]…  all that it knows from now on
#   app_socket PATH     it listens on that Unix socket instead, and nginx goes there
#   app_on_small_disk   … writes its PID file to /srv/data, a file system of 64 KiB
#   small_disk_fills    that is full, and the application does not start any more
#   harden UNIT SETTING…  settings of systemd's for a service, which is restarted
#   app_code STATUS     what the application answers from its next start on
#   app_knows PATH…     from its next start on it answers 200 to these paths, and 404 to all others
#   app_breaks          a deploy after which it ends with an error when it starts
#   app_next            a second such application, the service shop-next on port 8001
#   firewall PORT VERDICT…  what happens to packets for that port, in nft's words
#   far_site            nginx in front of port 8000 of the backend's host
#   far_php, far_php_site   PHP-FPM on port 9000 of the backend's host, nginx in front of it
#   next_site           app_site and app_next behind one upstream block, whose server lines are its input
#   app_slow            from now on it takes as many seconds as /srv/shop/seconds says
#   busy_site           the application on a Unix socket with one worker and next to no queue; takes as long as
#                       /srv/shop/seconds says for each request
#   busy_customers      four clients that ask without a pause from now on, as a process customers.py
#   shelf_site [leaks]  an application on 127.0.0.1:8000 that needs 65 open files, or forgets one with each request
#   tls_site            nginx speaks TLS to a backend on 127.0.0.1:8443 and checks its certificate
#   tls_python_site     … to one of Python's, of the newest TLS that both know
#   tls_demands         from now on that one demands a certificate of its clients
#   tls_authority FILE NAME   a certificate signed by itself, /srv/tls/FILE.crt
#   tls_certificate FILE AUTHORITY DAYS   one for app.internal, for so many days from now on
#   connect_denied      the kernel answers EACCES to nginx's connect(), by a filter that only nginx itself knows of
#   nginx_label TEXT    what /proc/PID/attr/current says of nginx's processes
#   selinux_says FILE VALUE  as much of SELinux's file system
#   memory_counts       from now on systemd's MemoryMax= holds here, and the journal has the kernel's own words
#   memory_limit UNIT SIZE   no more memory than that for the unit, which it restarts
#   app_greedy SIZE [PATH]  from its next start on the page /report takes so many bytes, and the others nothing
#   raw_site            … a service that sends exactly what raw_answer BYTES says
#   pool_set NAME VALUE a setting of the pool, as an administrator would write it
#   wait_for COMMAND…   until it succeeds, for five seconds
#
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # the cases use them; the runner sets $backend_address

php=$(ls /etc/php)
fpm=php$php-fpm
fpm_id=php${php/./-}-fpm # as fettle writes it in a fix's id
pool=/etc/php/$php/fpm/pool.d/www.conf
sock=/run/php/$fpm.sock
shop=/etc/nginx/sites-available/shop
unit=/etc/systemd/system/shop-app.service
ini=/srv/shop/shop.ini

wait_for() {
    local tries=100
    until "$@"; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || { echo "waited in vain: $*" >&2; return 1; }
        sleep 0.05
    done
}

# The new workers are there before anybody asks: a reload answers with the old ones for a moment.
nginx_reload() {
    nginx -t -q
    systemctl reset-failed nginx # on a quick machine these are more starts than systemd allows
    systemctl restart nginx
}

nginx_site() {
    cat >"$shop"
    ln -sf "$shop" /etc/nginx/sites-enabled/shop
    rm -f /etc/nginx/sites-enabled/default
    nginx_reload
}

php_site() {
    mkdir -p /srv/shop
    echo '<?php echo "the shop is open";' >/srv/shop/index.php
    nginx_site <<EOF
# The shop.  Ask the shop's team before you change the port.
server {
    listen 80 default_server;
    root /srv/shop;
    index index.php;

    location / {
        try_files \$uri \$uri/ =404;
    }

    location ~ \.php\$ {
        include snippets/fastcgi-php.conf;
        fastcgi_pass unix:$sock; # the pool www
    }
}
EOF
}

app_code() {
    cat >/srv/shop/app.py <<EOF
def app(environ, start_response):
    start_response("$1", [("Content-Type", "text/plain")])
    return [b"the shop answers\n"]
EOF
}

# The kernels of the lab have no security module: what one would do, and what it would show, is put there.
connect_denied() {
    cat >/srv/denied.py <<'EOF'
import ctypes, os, platform, struct, sys
CONNECT = {"x86_64": 42, "aarch64": 203}[platform.machine()]
steps = [(0x20, 0, 0, 0), (0x15, 0, 1, CONNECT), (0x06, 0, 0, 0x00050000 | 13), (0x06, 0, 0, 0x7FFF0000)]
code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
program = ctypes.create_string_buffer(struct.pack("@HP", len(steps), ctypes.addressof(code)))
if ctypes.CDLL(None, use_errno=True).prctl(22, 2, program, 0, 0) != 0:
    sys.exit("prctl: " + os.strerror(ctypes.get_errno()))
os.execv(sys.argv[1], sys.argv[1:])
EOF
    mkdir -p /etc/systemd/system/nginx.service.d
    printf '[Service]\nExecStart=\nExecStart=/usr/bin/python3 /srv/denied.py /usr/sbin/nginx\n' >/etc/systemd/system/nginx.service.d/lab.conf
    systemctl daemon-reload
    systemctl restart nginx
}

nginx_label() {
    local pid
    printf '%s' "$1" >/srv/label
    for pid in $(pgrep -x nginx); do
        mount --bind /srv/label "/proc/$pid/attr/current"
    done
}

selinux_says() {
    local folder
    if [ ! -d /sys/fs/selinux ]; then # a kernel without SELinux: all of its file systems, and one more
        mkdir /srv/fs
        mount -t tmpfs tmpfs /srv/fs
        mkdir /srv/fs/selinux
        for folder in /sys/fs/*/; do
            mkdir "/srv/fs/$(basename "$folder")"
            mount --rbind "$folder" "/srv/fs/$(basename "$folder")"
        done
        mount --rbind /srv/fs /sys/fs
    fi
    if [ ! -d /sys/fs/selinux/booleans ]; then
        mount -t tmpfs tmpfs /sys/fs/selinux
        mkdir /sys/fs/selinux/booleans
    fi
    echo "$2" >"/sys/fs/selinux/$1"
}

# A container has neither a memory controller that its systemd may use nor kernel messages in its journal: it gets both
# from the machine's own kernel, of which the messages before now are left out.
memory_counts() {
    if [ -d /sys/fs/cgroup/memory ]; then
        mount -o remount,rw,bind /sys/fs/cgroup/memory
        systemctl daemon-reexec
    fi
    mknod -m 600 /dev/kmsg c 1 11
    python3 - <<'EOF'
import os, struct
kernel, seen = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK), 0
while True:
    try:
        seen = int(os.read(kernel, 8192).split(b",")[1]) + 1
    except BrokenPipeError: # overwritten while it was read
        pass
    except BlockingIOError:
        break
open("/run/systemd/journal/kernel-seqnum", "wb").write(struct.pack("=Q", seen))
EOF
    systemctl restart systemd-journald
}

# The slice has the host's name, so that the kernel's words about another host of the lab are not taken for this one's.
memory_limit() {
    mkdir -p "/etc/systemd/system/$1.service.d"
    printf '[Service]\nMemoryMax=%s\nOOMPolicy=continue\nSlice=%s.slice\n' "$2" "$(hostname | tr - _)" >"/etc/systemd/system/$1.service.d/memory.conf"
    systemctl daemon-reload
    systemctl restart "$1"
    [ "$(systemctl show --value --property=MemoryCurrent "$1")" -gt 0 ] # else nobody counts, and the case shows nothing
}

app_greedy() {
    cat >/srv/shop/app.py <<EOF
def app(environ, start_response):
    report = bytearray($1) if environ["PATH_INFO"] == "${2-/report}" else b""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"the shop answers\n"]
EOF
}

app_knows() {
    cat >/srv/shop/app.py <<EOF
KNOWN = """$*""".split()
def app(environ, start_response):
    found = environ["PATH_INFO"] in KNOWN
    start_response("200 OK" if found else "404 Not Found", [("Content-Type", "text/plain")])
    return [b"the shop answers\n"]
EOF
}

app_socket() {
    sed -i "s|--bind [^ ]*|--bind unix:$1|" "$unit"
    systemctl daemon-reload
    systemctl restart shop-app
    sed -i "s|proxy_pass .*|proxy_pass http://unix:$1;|" "$shop"
    nginx_reload
}

app_on_small_disk() {
    app_site
    mkdir -p /srv/data
    mount -t tmpfs -o size=64k,mode=777 tmpfs /srv/data
    sed -i 's|gunicorn |gunicorn --pid /srv/data/shop.pid |' "$unit"
    systemctl daemon-reload
    systemctl restart shop-app
}

small_disk_fills() {
    systemctl stop shop-app
    head -c 100000 /dev/zero >/srv/data/shop.log || :
    ! systemctl start shop-app
}

harden() {
    local name=$1
    shift
    mkdir -p "/etc/systemd/system/$name.service.d"
    printf '%s\n' '[Service]' "$@" >"/etc/systemd/system/$name.service.d/hardening.conf"
    systemctl daemon-reload
    systemctl reset-failed "$name" # on a quick machine these are more starts than systemd allows
    systemctl restart "$name"
}

# From its next start on it takes as many seconds as /srv/shop/seconds says.
app_sleeps() {
    cat >/srv/shop/app.py <<'EOF'
import time
def app(environ, start_response):
    time.sleep(float(open("/srv/shop/seconds").read()))
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"the shop answers\n"]
EOF
    echo 0 >/srv/shop/seconds
}

app_slow() {
    app_sleeps
    sed -i 's/gunicorn --bind/gunicorn --timeout 300 --threads 32 --bind/' "$unit"
    systemctl daemon-reload
    systemctl restart shop-app
}

# nginx in front of what listens on port 8000 of the backend's host.
far_site() {
    nginx_site <<EOF
server {
    listen 80 default_server;

    location / {
        proxy_pass http://$backend_address:8000;
    }
}
EOF
}

# PHP-FPM on port 9000 for others, and nginx in front of it, on two hosts; what is asked is the backend's file.
far_php() {
    mkdir -p /srv/shop
    echo '<?php echo "the shop is open";' >/srv/shop/index.php
    pool_set listen 0.0.0.0:9000
    systemctl restart "$fpm"
}
far_php_site() {
    nginx_site <<EOF
server {
    listen 80 default_server;

    location / {
        include fastcgi_params;
        fastcgi_param SCRIPT_FILENAME /srv/shop/index.php;
        fastcgi_pass $backend_address:9000;
    }
}
EOF
}

app_breaks() {
    sed -i 's/gunicorn /&--preload /' "$unit"
    systemctl daemon-reload
    echo 'raise RuntimeError("no database configured")' >/srv/shop/app.py
    ! systemctl restart shop-app
}

firewall() {
    local port=$1
    shift
    nft add table inet guard
    nft add chain inet guard input '{ type filter hook input priority 0; }'
    nft add rule inet guard input tcp dport "$port" "$@"
}

app_next() {
    sed -e 's/^Description=.*/Description=The next shop/; s/:8000/:8001/' "$unit" >"${unit%/*}/shop-next.service"
    systemctl daemon-reload
    systemctl start shop-next
}

# Two of that application, shop-app on port 8000 and shop-next on 8001; the upstream block that nginx asks takes its
# server lines from the input. One worker of nginx sees it all.
next_site() {
    app_site
    app_next
    { echo 'upstream shop_app {' && sed 's/^/    /' && echo '}'; } >/etc/nginx/conf.d/app.conf
    sed -i 's|//127.0.0.1:8000|//shop_app|' "$shop"
    sed -i 's|^worker_processes .*|worker_processes 1;|' /etc/nginx/nginx.conf
    nginx_reload
}

app_unit() {
    mkdir -p /srv/shop
    app_code "200 OK"
    cat >"$unit" <<EOF
[Unit]
Description=The shop

[Service]
Type=notify
User=www-data
WorkingDirectory=/srv/shop
ExecStart=/usr/bin/gunicorn --bind $1 app:app

[Install]
WantedBy=multi-user.target
EOF
    systemctl daemon-reload
    systemctl --quiet enable shop-app
    systemctl start shop-app
}

app_site() {
    app_unit 127.0.0.1:8000
    nginx_site <<'EOF'
server {
    listen 80 default_server;

    location / {
        proxy_pass http://127.0.0.1:8000; # shop-app.service
        proxy_set_header Host $host;
    }
}
EOF
}

uwsgi_site() {
    local socket=${1:-/run/shop-app/app.sock}
    mkdir -p /srv/shop
    chown www-data /srv/shop
    app_code "200 OK"
    cat >"$ini" <<EOF
[uwsgi]
; the shop
plugin = python3
module = app:app
master = true
processes = 2
socket = $socket
chmod-socket = 660
vacuum = true
die-on-term = true
EOF
    cat >"$unit" <<EOF
[Unit]
Description=The shop

[Service]
Type=notify
User=www-data
RuntimeDirectory=shop-app
WorkingDirectory=/srv/shop
ExecStart=/usr/bin/uwsgi --ini shop.ini

[Install]
WantedBy=multi-user.target
EOF
    systemctl daemon-reload
    systemctl --quiet enable shop-app
    systemctl start shop-app
    case $socket in
    /*) socket=unix:$socket ;;
    *.sock) socket=unix:/srv/shop/$socket ;;
    esac
    nginx_site <<EOF
server {
    listen 80 default_server;

    location / {
        include uwsgi_params;
        uwsgi_pass $socket;
    }
}
EOF
}

uwsgi_debian_site() {
    uwsgi_site
    systemctl --quiet disable --now shop-app
    rm "$unit"
    systemctl daemon-reload
    sed '/^socket/d; /^chmod/d; s/^module/chdir = \/srv\/shop\n&/' "$ini" >/etc/uwsgi/apps-enabled/shop.ini
    systemctl start uwsgi
    sed -i 's|/run/shop-app/app.sock|/run/uwsgi/app/shop/socket|' "$shop"
    nginx_reload
}

uwsgi_set() {
    sed -i "/^$1 = /d" "$ini"
    echo "$1 = $2" >>"$ini"
}

kept_site() {
    app_unit 127.0.0.1:8000
    sed -i 's|^Type=.*|Type=simple|; s|^ExecStart=.*|ExecStart=/usr/bin/python3 /srv/shop/kept.py|' "$unit"
    cat >/srv/shop/kept.py <<EOF
import http.server

class Shop(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = $1
    header = "${2-}"

    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(200)
        if self.header:
            self.send_header(*self.header.split(": "))
        self.send_header("Content-Length", "17")
        self.end_headers()
        self.wfile.write(b"the shop answers\\n")

    do_POST = do_GET

    def log_message(self, *what):
        pass

http.server.ThreadingHTTPServer(("127.0.0.1", 8000), Shop).serve_forever()
EOF
    systemctl daemon-reload
    systemctl restart shop-app
    wait_for curl -s -o /dev/null http://127.0.0.1:8000/
    printf 'upstream shop {\n    server 127.0.0.1:8000;\n    keepalive 16; # spare the handshakes\n}\n' >/etc/nginx/conf.d/shop.conf
    nginx_site <<'EOF'
server {
    listen 80 default_server;

    location / {
        proxy_pass http://shop;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
    }
}
EOF
}

# nginx's workers are held while the request and the end of the kept connection come in, in this order: what a busy
# worker meets, at a time of our choosing.
kept_race() {
    sleep 5 # what the service said when it was started is about no request
    python3 - "$1" <<'EOF'
import os, signal, socket, subprocess, sys, time
workers = [int(pid) for pid in subprocess.check_output(["pgrep", "-f", "nginx: worker process"]).split()]
client = socket.create_connection(("127.0.0.1", 80))
order = b"POST /order HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 7\r\n\r\norder=1"
client.sendall(order)
assert b" 200 " in client.recv(65536)
time.sleep(0.3)
for pid in workers:
    os.kill(pid, signal.SIGSTOP)
client.sendall(order)
time.sleep(float(sys.argv[1]) + 0.5)
for pid in workers:
    os.kill(pid, signal.SIGCONT)
answer = client.recv(65536)
assert b" 502 " in answer, answer
EOF
}

pool_set() {
    sed -i "s|^;*\($1\) = .*|\1 = $2|" "$pool"
    grep -q "^$1 = $2\$" "$pool" || echo "$1 = $2" >>"$pool"
}

dns_site() {
    mkdir -p /srv/dns
    printf '[Service]\nExecStart=%s\n' "/usr/sbin/dnsmasq -k -u root -x /run/shop-dns.pid --no-resolv --no-hosts \\
 --addn-hosts=/srv/dns/hosts --listen-address=127.0.0.1 --bind-interfaces --local=/internal/ --cache-size=0" \
        >/etc/systemd/system/shop-dns.service
    systemctl daemon-reload
    echo 'nameserver 127.0.0.1' >/etc/resolv.conf
    dns_says "$@"
}

dns_says() {
    : >/srv/dns/hosts
    while [ $# -gt 0 ]; do
        echo "$2 $1" >>/srv/dns/hosts
        shift 2
    done
    systemctl restart shop-dns
    wait_for test -s /run/shop-dns.pid
}

tls_authority() {
    mkdir -p /srv/tls
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$2" -days 5 \
        -keyout "/srv/tls/$1.key" -out "/srv/tls/$1.crt" 2>/dev/null
}

tls_certificate() {
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=app.internal \
        -keyout "/srv/tls/$1.key" -out "/srv/tls/$1.csr" 2>/dev/null
    echo 'subjectAltName=DNS:app.internal' >"/srv/tls/$1.ext"
    openssl x509 -req -in "/srv/tls/$1.csr" -CA "/srv/tls/$2.crt" -CAkey "/srv/tls/$2.key" -CAcreateserial \
        -days "$3" -extfile "/srv/tls/$1.ext" -out "/srv/tls/$1.crt" 2>/dev/null
}

tls_site() {
    tls_authority ca "The shop's authority"
    tls_certificate app ca 5
    cat >/etc/nginx/conf.d/backend.conf <<'EOF'
server {
    listen 127.0.0.1:8443 ssl;
    server_name app.internal;
    ssl_certificate /srv/tls/app.crt;
    ssl_certificate_key /srv/tls/app.key;
    return 200 "the shop answers\n";
}
EOF
    nginx_site <<'EOF'
server {
    listen 80 default_server;

    location / {
        proxy_pass https://127.0.0.1:8443;
        proxy_ssl_name app.internal;
        proxy_ssl_verify on;
        proxy_ssl_trusted_certificate /srv/tls/ca.crt;
    }
}
EOF
}

tls_python_site() {
    tls_site
    rm /etc/nginx/conf.d/backend.conf
    nginx_reload
    cat >/srv/tls/app.py <<'EOF'
import http.server, os, ssl

class Shop(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"the shop answers\n")

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("/srv/tls/app.crt", "/srv/tls/app.key")
if os.path.exists("/srv/tls/mutual"):
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations("/srv/tls/ca.crt")
server = http.server.ThreadingHTTPServer(("127.0.0.1", 8443), Shop)
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
server.serve_forever()
EOF
    printf '[Service]\nExecStart=/usr/bin/python3 /srv/tls/app.py\n' >"$unit"
    systemctl daemon-reload
    systemctl start shop-app
    wait_for sh -c 'ss -Hltn | grep -q :8443'
}

tls_demands() {
    touch /srv/tls/mutual
    systemctl restart shop-app
    wait_for sh -c 'ss -Hltn | grep -q :8443'
}

# An application that sends exactly the bytes of /srv/shop/answer, or resets the connection.
raw_site() {
    app_site
    sed -i 's|^Type=.*|Type=simple|; s|^ExecStart=.*|ExecStart=/usr/bin/python3 /srv/shop/raw.py|' "$unit"
    cat >/srv/shop/raw.py <<'EOF_RAW'
import socket, struct
server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("127.0.0.1", 8000))
server.listen(64)
while True:
    client, _ = server.accept()
    client.recv(65536)
    answer = open("/srv/shop/answer", "rb").read()
    if answer == b"RESET":
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    else:
        client.sendall(answer)
    client.close()
EOF_RAW
    raw_answer 'HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nthe shop answers\n'
    systemctl daemon-reload
    systemctl restart shop-app
    wait_for curl -s -o /dev/null http://127.0.0.1:8000/
}

raw_answer() {
    # shellcheck disable=SC2059 # the bytes, as printf writes them
    printf "$1" >/srv/shop/answer
}

# A gunicorn application on a Unix socket whose queue holds next to nothing, behind nginx; its only worker takes as long
# for each request as /srv/shop/seconds says. COMMAND changes the unit before it is started.
busy_site() { # [COMMAND…]
    app_site
    sed -i 's|--bind 127.0.0.1:8000|--workers 1 --backlog 1 --bind unix:/run/shop-app/app.sock|; /^Type/aRuntimeDirectory=shop-app' "$unit"
    app_sleeps
    "$@"
    systemctl daemon-reload
    systemctl restart shop-app
    sed -i 's|proxy_pass .*|proxy_pass http://unix:/run/shop-app/app.sock;|' "$shop"
    nginx_reload
}

# Four customers, each of whom asks again as soon as there was an answer, and shortly after an error. One waits in vain
# beside a worker and a queue for two; with three workers nobody does. They are at it for a while when this returns.
busy_customers() { # SECONDS-FOR-EACH
    echo "$1" >/srv/shop/seconds
    cat >/srv/shop/customers.py <<'EOF_LOAD'
import http.client, threading, time

def customer():
    while True:
        try:
            shop = http.client.HTTPConnection("127.0.0.1", 80, timeout=300)
            shop.request("GET", "/", headers={"User-Agent": "curl/customer"})
            served = shop.getresponse().status == 200
            shop.close()
        except OSError:
            served = False
        time.sleep(0 if served else 0.01)

for n in range(4):
    threading.Thread(target=customer).start()
EOF_LOAD
    setsid -f python3 /srv/shop/customers.py </dev/null >/dev/null 2>&1
    sleep 5
}

# An application that keeps 50 files open and needs ten more for a request, and that closes the connection where it cannot
# have them. With `leaks` it opens one of them anew for each request and forgets it.
shelf_site() { # [leaks]
    app_site
    mkdir -p /srv/shop/shelf
    touch /srv/shop/shelf/{0..59}
    cat >/srv/shop/shelf.py <<EOF_SHELF
import socket, sys, time
LEAKS = "$1"
EOF_SHELF
    cat >>/srv/shop/shelf.py <<'EOF_SHELF'
server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("127.0.0.1", 8000))
server.listen(64)
kept = [open(f"/srv/shop/shelf/{n}") for n in range(0 if LEAKS else 50)]
while True:
    client = None
    try:
        client, _ = server.accept()
        client.recv(65536)
        if LEAKS:
            kept.append(open("/srv/shop/shelf/0"))
        else:
            prices = [open(f"/srv/shop/shelf/{n}") for n in range(50, 60)]
            for one in prices:
                one.close()
        client.sendall(b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nthe shop answers\n")
    except OSError as error:
        prices = None
        print("cannot serve:", error, file=sys.stderr, flush=True)
        time.sleep(0.05)
    if client:
        client.close()
EOF_SHELF
    sed -i 's|^Type=.*|Type=simple|; s|^ExecStart=.*|ExecStart=/usr/bin/python3 /srv/shop/shelf.py|' "$unit"
    systemctl daemon-reload
    systemctl restart shop-app
    wait_for curl -s -o /dev/null http://127.0.0.1:8000/
}
