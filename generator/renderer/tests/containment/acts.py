# What a hostile scene tries. Each act that succeeds has escaped. Outside a sandbox they succeed, which is tested too.
import ctypes, ctypes.util, os, resource, socket, subprocess, sys

libc = ctypes.CDLL(None, use_errno=True)
acts = {}


def act(function):
    acts[function.__name__] = function


def call(function, *args):
    if function(*args) == -1:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


@act
def reads_the_environment():
    known = {"HOME", "TMPDIR", "PWD", "PATH", "LANG", "NO_COLOR", "COLUMNS", "TERM", "LC_CTYPE"}
    # Manim sets some of its own.
    strange = [name for name in os.environ if name not in known and "CARGO" in name or name == "REELMETER_CANARY"]
    if not strange:
        raise OSError("nothing of the host's")


@act
def reads_another_process_s_environment():
    with open(f"/proc/{P['victim']}/environ", "rb") as file:
        if b"REELMETER_CANARY" not in file.read():
            raise OSError("another process")


@act
def reads_the_passwords():
    open("/etc/shadow").read(1)


@act
def reads_the_generator_s_data():
    open(P["data"] + "/outbox.db").read(1)


@act
def lists_the_generator_s_data():
    os.listdir(P["data"])


@act
def writes_into_the_generator_s_data():
    open(P["data"] + "/written-by-a-scene", "w").write("x")


@act
def cuts_the_generator_s_data_short():
    os.truncate(P["data"] + "/outbox.db", 4)


@act
def links_the_generator_s_data():
    os.link(P["data"] + "/outbox.db", P["data"] + "/linked-by-a-scene")


@act
def writes_into_the_system():
    for path in ("/usr/reelmeter-probe", "/dev/reelmeter-probe", "/reelmeter-probe", "/dev/shm/reelmeter-probe"):
        try:
            open(path, "w").close()
        except OSError:
            continue
        os.unlink(path)
        return
    raise OSError("none of them")


@act
def connects_by_tcp():
    socket.create_connection(("127.0.0.1", P["tcp"]), timeout=5).sendall(b"x")


@act
def sends_by_udp():
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", P["udp"]))


@act
def listens():
    socket.create_server(("127.0.0.1", 0))


@act
def connects_to_a_unix_socket():
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.connect(P["data"] + "/socket")


@act
def connects_to_an_abstract_socket():
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.connect("\0" + P["abstract"])


@act
def makes_a_pair_of_sockets():
    socket.socketpair()


@act
def forks():
    if os.fork() == 0:
        os._exit(0)


@act
def runs_a_program():
    subprocess.run(["/usr/bin/true"], check=True)


@act
def spawns_a_program():
    os.waitpid(os.posix_spawn("/usr/bin/true", ["true"], {}), 0)


@act
def signals_another_process():
    os.kill(P["victim"], 0)


@act
def changes_another_process_s_limits():
    resource.prlimit(P["victim"], resource.RLIMIT_CORE, (0, 0))


@act
def slows_another_process():
    os.setpriority(os.PRIO_PROCESS, P["victim"], 19)


@act
def traces_another_process():
    call(libc.ptrace, 16, P["victim"], None, None)
    libc.ptrace(17, P["victim"], None, None)


@act
def reads_another_process_s_memory():
    open(f"/proc/{P['victim']}/mem", "rb").close()


@act
def asks_for_a_user_namespace():
    pid = os.fork()
    if pid == 0:
        os._exit(0 if libc.unshare(0x10000000) == 0 else 1)
    if os.waitpid(pid, 0)[1] != 0:
        raise OSError("refused")


@act
def asks_for_a_user_namespace_itself():
    call(libc.unshare, 0x10000000 | 0x00020000)


@act
def keeps_the_right_to_gain_privileges():
    if libc.prctl(39, 0, 0, 0, 0) == 1:
        raise OSError("no new privileges")


@act
def adds_a_key():
    call(libc.syscall, 248, b"user", b"reelmeter", b"x", 1, -2)


@act
def uses_io_uring():
    os.close(syscall(425, 4, ctypes.create_string_buffer(120)))


@act
def traps_page_faults():
    os.close(syscall(323, 1))


def syscall(*args):
    result = libc.syscall(*args)
    if result == -1:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return result


# Calls of the kernel have other numbers on other machines.
if os.uname().machine != "x86_64":
    for name in ("adds_a_key", "uses_io_uring", "traps_page_faults"):
        del acts[name]

escaped, refused = [], []
for name, attempt in acts.items():
    try:
        attempt()
        escaped.append(name)
    except BaseException as error:
        refused.append(name)
verdict = f"{len(refused)} refused; escaped: {' '.join(escaped) or 'none'}"
