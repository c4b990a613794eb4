#!/usr/bin/env bash
# The renderer in its container, on a real Docker engine: it renders through its socket, and contains a scene that goes for
# all it must not have, as the containment tests do on a host.
#
#   tests/compose/renderer.sh FOLDER OF BUILT PROGRAMS
#
# Takes the programs from there and Manim from MANIM_HOME, so that neither is made twice. Needs what
# `scripts/setup.sh --compose --animated` installs. Everything it starts has a project name of its own and goes again.
set -euo pipefail
cd "$(dirname "$0")/../.."
programs=${1:?a folder with the programs, such as target/release}
manim=${MANIM_HOME:-/opt/reelmeter/manim}
here=tests/compose
work=target/compose
mkdir -p "$work"

say() { printf 'renderer: %s\n' "$*"; }
fail() {
    printf 'error: %s\n' "$*" >&2
    compose logs --no-color --tail 40 2>&1 | sed 's/^/    /' >&2 || true
    exit 1
}
project=reelmeter-renderer-test-$$
compose() { docker compose --project-name "$project" --env-file /dev/null --profile animated "$@"; }
inspect() { docker inspect --format "$1" "$(compose ps --all --quiet renderer)"; }

. "$here/engine.sh"
tidy() {
    local code=$?
    compose down --volumes --rmi local --timeout 10 >/dev/null 2>&1 </dev/null || true
    rm -rf target/image/manim
    engine_down
    exit "$code"
}
trap tidy EXIT
engine_up "$PWD/$work/engine"
for name in $(compgen -e); do
    case $name in RENDERER_* | REELMETER_*) unset "$name" ;; esac
done

"$here/standin.sh" runtime
mkdir -p target/image
cp "$programs/renderer" target/image/
rm -rf target/image/manim
cp -a "$manim" target/image/manim
export BINARIES=prebuilt MANIM=manim-prebuilt
start=$SECONDS
compose build renderer >"$work/renderer-build.log" 2>&1 </dev/null || { tail -n 30 "$work/renderer-build.log" >&2; fail "the image was not built"; }
rm -rf target/image/manim
say "image built in $((SECONDS - start)) s: $(docker images --format '{{.Repository}} {{.Size}}' | grep "^$project")"
start=$SECONDS
compose up --detach --wait --wait-timeout 90 renderer >"$work/renderer-up.log" 2>&1 </dev/null || { cat "$work/renderer-up.log" >&2; fail "the renderer did not become healthy"; }
say "healthy after $((SECONDS - start)) s: $(compose logs --no-color renderer </dev/null | grep -o 'Manim .*')"

expect() { local found; found=$(inspect "$1"); [ "$found" = "$2" ] || fail "$1 is '$found', not '$2'"; }
expect '{{.Config.User}}' 10002:10001
expect '{{.HostConfig.ReadonlyRootfs}}' true
expect '{{.HostConfig.CapDrop}}' '[ALL]'
expect '{{.HostConfig.SecurityOpt}}' '[no-new-privileges:true]'
expect '{{.HostConfig.NetworkMode}}' none
grep -qE '^[1-9][0-9]* [1-9][0-9]*$' <<<"$(inspect '{{.HostConfig.Memory}} {{.HostConfig.PidsLimit}}')" || fail "no limit on memory or processes"
grep -qiE 'KEY|TOKEN|SECRET' <<<"$(inspect '{{json .Config.Env}}')" && fail "its environment has a name of a secret"

# render CODE ARGUMENTS...: through the socket, as a generator does.
render() { local code=$1; shift; printf '%s' "$code" | compose exec -T renderer renderer render - --renderer-socket /run/reelmeter/renderer.sock "$@" 2>&1; }
start=$SECONDS
said=$(render 'from manim import *
class Section(Scene):
    def construct(self):
        self.play(Write(Text("Heat pump")), FadeIn(MathTypst("e^(i pi) + 1 = 0").to_edge(DOWN)), run_time=0.5)
' --out /tmp/clip.mp4) || fail "an ordinary scene was not rendered: $said"
say "an ordinary scene in $((SECONDS - start)) s: $said"

# The same acts as on a host, against what is in the container: the service itself, its socket, its folders.
hostile=$(python3 - <<'PYTHON'
acts = open("generator/renderer/tests/containment/acts.py").read()
prey = dict(data="/run/reelmeter", victim=1, tcp=1, udp=1, abstract="reelmeter")
code = f"P = {prey!r}\n{acts}\nraise RuntimeError(verdict)"
print(f"""import numpy as np
from manim import *
class Section(Scene):
    def construct(self):
        run = np.ma.core.operator.attrgetter('builtins.exec')(np.ma.core)
        run(bytes.fromhex('{code.encode().hex()}').decode(), dict(scene=self))
""")
PYTHON
)
said=$(render "$hostile") && fail "a hostile scene went through: $said"
grep -q 'refused; escaped: none' <<<"$said" || fail "a hostile scene was not contained: $said"
say "a hostile scene: $said"

said=$(render 'from manim import *
class Section(Scene):
    def construct(self):
        while True: pass
' --seconds 5) && fail "an endless scene went through: $said"
grep -q 'Limit(Time)' <<<"$said" || fail "an endless scene was not stopped: $said"
say "an endless scene: $said"
[ "$(compose exec -T renderer sh -c 'ls -A /job/0 /job/1 | grep -vc "^/job\|^$"' </dev/null || true)" = 0 ] || fail "scenes have left files"
expect '{{.State.Health.Status}}' healthy
expect '{{.RestartCount}}' 0

start=$SECONDS
compose stop renderer >/dev/null 2>&1 </dev/null
code=$(inspect '{{.State.ExitCode}}')
[ "$code" = 0 ] || fail "it ended with code $code when it was asked to stop"
say "stopped in good order in $((SECONDS - start)) s"
say "done"
