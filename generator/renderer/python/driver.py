"""What runs inside the sandbox, instead of Manim's own program: gate, Manim's command line, and the result's way out.

Reads one request as JSON from standard input and writes one line of JSON, then the picture's bytes, to what was standard
output. The scene runs in this same process, so whatever comes out is a stranger's word: who reads it counts bytes and
checks the picture. There is no other way out: nobody outside opens a file that a scene has left.
"""

import errno
import json
import os
import resource
import stat
import sys
import traceback

JOB = os.getcwd()
SCENE = os.path.join(JOB, "scene.py")
MEDIA = os.path.join(JOB, "media")
MESSAGE_CHARACTERS_MAX = 300


def one_line(text):
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= MESSAGE_CHARACTERS_MAX else line[: MESSAGE_CHARACTERS_MAX - 1] + "…"


def answer(out, picture=None, **fields):
    line = json.dumps(fields).encode() + b"\n"
    with os.fdopen(out, "wb") as pipe:
        pipe.write(line)
        if picture is not None:
            while chunk := picture.read(1 << 20):
                pipe.write(chunk)
        pipe.flush()
    # Not by way of the interpreter's end: a scene may have left threads and handlers that never return.
    os._exit(0)


def outer_lines(error):
    """The innermost line of the scene that the exception passed through."""
    number = None
    for frame, line in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_filename == SCENE:
            number = line
    return number


def fault_of(error):
    """Which limit an exception stands for, if any."""
    if isinstance(error, MemoryError):
        return "memory"
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT):
        return "disk"
    if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
        return "disk"
    if isinstance(error, OSError) and error.errno == errno.ENOMEM:
        return "memory"
    if isinstance(error, RuntimeError) and "start new thread" in str(error):
        return "processes"
    if isinstance(error, RuntimeError) and "has no play calls" in str(error):
        return "no_picture"
    return "raised"


def words_of(error):
    if fault_of(error) == "no_picture":
        return "nothing moves in it: play an animation, or wait"
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if isinstance(error, OSError) and getattr(error, "filename", None) in ("latex", "dvisvgm", "xelatex"):
        text += " (there is no LaTeX here: use Text or MathTypst instead of what needs it)"
    return one_line(text)


def run_manim(request):
    """Runs Manim's command line on the scene; gives the exception that ended it, or None."""
    caught = []
    from manim.__main__ import main as manim
    from manim.cli.render import commands

    def print_exception(*args, **kwargs):
        # In place of Manim's frame of a hundred lines: its author gets the exception and the line, and drawing the frame
        # may need more memory than is left.
        caught.append(sys.exc_info()[1])

    commands.error_console.print_exception = print_exception
    args = ["render", "--disable_caching", "--progress_bar", "none", "--verbosity", "ERROR", "--media_dir", MEDIA]
    args += ["--resolution", f"{request['width']},{request['height']}", "--fps", str(request["fps"])]
    args += ["--dry_run"] if request["task"] == "check" else ["--format", "mp4", "--output_file", "clip"]
    try:
        manim([*args, SCENE, request["scene_class"]], standalone_mode=False)
    except BaseException as error:
        if caught:
            return caught[0]
        return None if isinstance(error, SystemExit) and not error.code else error
    return None


def picture():
    """Opens the one file that a render leaves: a regular one, reached through no link."""
    found = []
    for folder, folders, files in os.walk(os.path.join(MEDIA, "videos")):
        folders.sort()
        if "partial_movie_files" in folders:
            folders.remove("partial_movie_files")
        found += [os.path.join(folder, file) for file in files if file == "clip.mp4"]
    if len(found) != 1:
        raise LookupError("it left no picture that moves: play an animation or wait" if not found else "it left several pictures")
    opened = os.open(found[0], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    facts = os.fstat(opened)
    if not stat.S_ISREG(facts.st_mode) or facts.st_nlink != 1:
        raise LookupError("what it left is no regular file")
    return os.fdopen(opened, "rb"), facts.st_size


def probe():
    """What holds in here, for whoever decides whether this is a sandbox."""
    facts = {"uid": os.getuid(), "environment": sorted(os.environ)}
    for name, limit in (("as", "AS"), ("cpu", "CPU"), ("fsize", "FSIZE"), ("nofile", "NOFILE"), ("nproc", "NPROC"), ("core", "CORE")):
        facts[f"limit_{name}"] = resource.getrlimit(getattr(resource, f"RLIMIT_{limit}"))[1]

    def refused(attempt):
        try:
            attempt()
        except OSError as error:
            return error.errno != errno.ENOENT
        return False

    def fork():
        if os.fork() == 0:
            os._exit(0)

    def connect():
        import socket

        socket.socket(socket.AF_INET, socket.SOCK_STREAM)

    def writable(folder):
        try:
            with open(os.path.join(folder, ".reelmeter-probe"), "w"):
                return True
        except OSError:
            return False

    facts["fork_refused"] = refused(fork)
    facts["socket_refused"] = refused(connect)
    facts["outside_refused"] = not any(writable(folder) for folder in ("/", "/usr", "/dev", "/dev/shm", "/var/tmp", "/run"))
    facts["secrets_refused"] = not readable("/etc/shadow")
    with open(os.path.join(JOB, "probe"), "w") as file:
        file.write("room to work")
    from importlib.metadata import version

    facts["manim"] = version("manim")
    facts["typst"] = version("typst")
    return facts


def readable(path):
    try:
        with open(path):
            return True
    except OSError:
        return False


def main():
    # What the scene prints goes the way of its complaints, which is bounded; the way out is kept aside.
    out = os.dup(1)
    os.write(out, b"ready\n")
    request = json.loads(sys.stdin.buffer.read())
    null = os.open("/dev/null", os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(2, 1)
    try:
        # When the machine runs out of memory, this goes first.
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("1000")
    except OSError:
        pass  # Without /proc, where the container's own limit ends it.
    if request["task"] == "probe":
        answer(out, outcome="probed", **probe())
    code = request["code"]
    found = refusals(code, request["scene_class"])
    if found:
        fault, line, _ = found[0]
        reasons = [reason if line is None or number == line else f"line {number}: {reason}" for _, number, reason in found[:3]]
        answer(out, outcome="failed", fault=fault, line=line, message=one_line("; ".join(reasons)))
    if request["task"] == "inspect":
        answer(out, outcome="passed")
    with open(SCENE, "w") as file:
        file.write(code)
    error = run_manim(request)
    if error is not None:
        line = outer_lines(error)
        fault, words = fault_of(error), words_of(error)
        error = None
        answer(out, outcome="failed", fault=fault, line=line, message=words)
    if request["task"] == "check":
        answer(out, outcome="passed")
    try:
        file, size = picture()
    except (LookupError, OSError) as problem:
        answer(out, outcome="failed", fault="no_picture", line=None, message=one_line(str(problem)))
    answer(out, picture=file, outcome="made", size=size)


main()
