"""VERIFY.md: the steps of `verify` as commands that a reader types, of programs on every Linux machine."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from archive.evidence.checkpoint import Checkpoint
from archive.evidence.note import Note, Verifier
from archive.evidence.verify import NOT_SHOWN
from archive.evidence.verify_bag import SEAL
from archive.evidence.verify_files import PackageError, PackageFiles
from archive.evidence.verify_leaves import Exhibit, exhibits
from archive.evidence.verify_log import CHECKPOINT, EARLIER, fingerprint, policy

SCRIPT = Path(__file__).with_name("verify.sh")
"""The script that every package carries."""

INTRODUCTION = """\
# How to verify this package

Nothing here needs the program that made the package, nor a network. You need a shell, the GNU
coreutils, sed, grep, find and awk, which every Linux system has, and OpenSSL 3.

`sh verify.sh` goes through all steps and should print what `expected-output.txt` holds. The script
is text; read it first, it says what it does. It is the same in every package, so who doubts this copy
takes one from elsewhere. Below are the same steps to be typed by hand, from
the folder that holds this file, in one shell, from top to bottom.

Each step has one of three answers. **passed**: it was checked and holds. **failed**: it was checked
and does not hold; the package is not what it was. **not checked**: there was nothing to check, or
no tool to check it with; that proves nothing either way. The whole has passed where steps 1 to 6
and 9 have and no other failed; steps 7, 8 and 10 are the word of outsiders, where there is any.
"""

OUTSIDE = """\
## First: whose keys are these?

A package can be forged as a whole by somebody who uses keys of their own. So compare these
fingerprints with what their owners publish somewhere else: on their web site, on paper, by telephone.
Copies in this package prove nothing of themselves."""

COMPLETE = """\
## 1 complete

Every file has the SHA-256 that the manifests list. The first two commands print nothing where that
is so. The third prints files that no manifest lists: there should be only the two `tagmanifest`
files and what is in `signatures/`.

```sh
sha256sum -c --quiet --strict manifest-sha256.txt
sha256sum -c --quiet --strict tagmanifest-sha256.txt
W=$(mktemp -d)
cat manifest-sha256.txt tagmanifest-sha256.txt | cut -c 67- | sort > "$W/listed"
find . -type f | sed 's|^\\./||' | sort | comm -13 "$W/listed" -
```

With `b3sum` (https://github.com/BLAKE3-team/BLAKE3) also `b3sum -c b3sums.txt`. That the files are
complete shows only that nothing was damaged: whoever changes a file can change the manifests too."""

RECORDS = """\
## 2 records

The excerpt holds the records as they were written when the page was captured. The leaf, a JSON text
that is called the statement, is the block of the metadata record, and lists the other records with
their SHA-256. For each line of `exhibits.txt`, here for `{id}`:

```sh
E={id}
X=data/exhibits/$E
read -r OFFSET LENGTH < $X/statement.txt
SIZE=$(wc -c < $X/leaf.json)
tail -c +$((OFFSET + 1)) data/warc/excerpt.warc | head -c $LENGTH | tail -c $((SIZE + 4)) |
    head -c $SIZE | cmp - $X/leaf.json && echo "the leaf is the block of the metadata record"
while read -r OFFSET LENGTH DIGEST TYPE; do
    FOUND=$(tail -c +$((OFFSET + 1)) data/warc/excerpt.warc | head -c $LENGTH | sha256sum | cut -c 1-64)
    [ "$FOUND" = "$DIGEST" ] && grep -q "\\"sha256\\":\\"$FOUND\\"" $X/leaf.json && echo "$TYPE holds"
done < $X/records.txt
```"""

CONTENT = """\
## 3 content

The file is what the leaf calls its content, the answer without its codings. Both lines show the same
SHA-256.

```sh
sha256sum {file}
grep -o '"content":{{[^}}]*}}' data/exhibits/{id}/leaf.json
```

Where the server sent the file without any coding, the response record in the excerpt ends with it."""

LEAVES = """\
## 4 leaves

A salt of 32 random bytes and the leaf give the entry, which stands for the leaf in the log.

```sh
wc -c < data/exhibits/$E/salt.bin
cat data/exhibits/$E/salt.bin data/exhibits/$E/leaf.json | sha256sum
```"""

PROVED = """\
bytes() { printf "$(printf '%s\\n' "$1" | sed 's/../& /g' | tr ' ' '\\n' | grep . |
    while read -r B; do printf '\\\\%03o' 0x$B; done)"; }
hex() { od -An -v -tx1 | tr -d ' \\n'; }
proved() { # FOLDER PROOF
    H=$({ printf '\\000'; cat $1/salt.bin $1/leaf.json | sha256sum | cut -c 1-64 | { read -r D; bytes $D; }; } |
        sha256sum | cut -c 1-64)
    N=$(sed -n 's/^index //p' $2)
    LAST=$(($(sed '1,/^$/d' $2 | sed -n 2p) - 1))
    for L in $(sed '1,/^index /d; /^$/,$d' $2); do
        S=$(printf '%s' $L | base64 -d | hex)
        if [ $((N % 2)) = 1 ] || [ $N = $LAST ]; then
            H=$({ printf '\\001'; bytes $S$H; } | sha256sum | cut -c 1-64)
            while [ $((N % 2)) = 0 ] && [ $N != 0 ]; do N=$((N / 2)) LAST=$((LAST / 2)); done
        else
            H=$({ printf '\\001'; bytes $H$S; } | sha256sum | cut -c 1-64)
        fi
        N=$((N / 2)) LAST=$((LAST / 2))
    done
    echo $H
}"""
"""Shell functions: `proved` prints the root to which a proof leads from salt.bin and leaf.json."""

LOGGED = f"""\
## 5 logged

The log is a hash tree (RFC 6962). From each entry the hashes in its proof lead to the root that the
checkpoint states. `proved` prints the root that it comes to; it must be the one of the last line.

```sh
{PROVED}
proved data/exhibits/$E log/$E.tlog-proof
sed '1,/^$/d' log/$E.tlog-proof | sed -n 3p | base64 -d | hex
```

What follows the empty line of a proof must be `log/checkpoint`, or the `checkpoint` of a closed log
beside it."""

SIGNED = """\
## 6 signed

The log's key signed the checkpoint (Ed25519, https://c2sp.org/signed-note). OpenSSL says "Signature
Verified Successfully". The last command prints the fingerprint to compare.

```sh
sed '/^$/,$d' log/checkpoint > "$W/text"
sed -n {line} log/checkpoint | base64 -d | tail -c 64 > "$W/signature"
openssl pkeyutl -verify -pubin -inkey {key} -rawin -in "$W/text" -sigfile "$W/signature"
openssl pkey -pubin -in {key} -outform DER | tail -c 32 | sha256sum
```"""

STAMPED = """\
An authority that is not ours, `{name}`, signed the SHA-256 of the checkpoint and a time (RFC 3161). `-attime`
has its certificates judged at that time: that they ended since takes nothing away. OpenSSL says
"Verification: OK". The last command prints the fingerprint to compare.

```sh
openssl ts -reply -in {base}.tsr -text | grep '^Time stamp'
T=$(date -u -d "$(openssl ts -reply -in {base}.tsr -text | sed -n 's/^Time stamp: //p')" +%s)
openssl ts -verify -data {data} -in {base}.tsr -CAfile {base}.roots.pem{untrusted} -attime $T
openssl x509 -in {base}.roots.pem -noout -fingerprint -sha256
```"""

REVOKED = """
The same with the revocation list that was kept. It can fail where the list is later than the stamp,
or names the certificate for a reason that leaves earlier stamps valid; `verify.sh` tells these apart.

```sh
cat {base}.roots.pem {base}.crl.pem > "$W/roots"
openssl ts -verify -data {data} -in {base}.tsr -CAfile "$W/roots"{untrusted} -attime $T -crl_check
```"""

BEFORE = """\
The checkpoint in `{folder}` was stamped before this package was made, so nearer to the captures. It
holds the exhibits whose proofs lie beside it (each line shows the same root twice), and the log's key
signed it.

```sh
for P in {folder}/*.tlog-proof; do
    V=${{P##*/}}
    proved data/exhibits/${{V%.tlog-proof}} $P
    sed '1,/^$/d' $P | cmp - {folder}/checkpoint
    sed -n 3p {folder}/checkpoint | base64 -d | {{ hex; echo; }}
done
sed '/^$/,$d' {folder}/checkpoint > "$W/text"
sed -n {line} {folder}/checkpoint | base64 -d | tail -c 64 > "$W/signature"
openssl pkeyutl -verify -pubin -inkey {key} -rawin -in "$W/text" -sigfile "$W/signature"
```"""

COSIGNED = """\
`{name}` countersigned the checkpoint as of a time of its own: of this log it had seen no other history.

```sh
sed -n {line} log/checkpoint | base64 -d | tail -c 72 > "$W/cosignature"
T=$(printf '%d' 0x$(head -c 8 "$W/cosignature" | hex))
{{ printf 'cosignature/v1\\ntime %s\\n' $T; sed '/^$/,$d' log/checkpoint; }} > "$W/text"
tail -c 64 "$W/cosignature" > "$W/signature"
bytes 302a300506032b6570032100{key} > "$W/key"
openssl pkeyutl -verify -pubin -keyform DER -inkey "$W/key" -rawin -in "$W/text" -sigfile "$W/signature"
date -u -d @$T
```"""

CUSTODY = """\
## 9 custody

What happened to the exhibits since is in the log as well: step 5 for each event. Each line below shows
the same root twice. One event is a fixity check of all exhibits, made before this package: its
`outcome` is `passed`, and it names their ids.

```sh
for V in custody/events/*; do
    proved $V log/${V##*/}.tlog-proof
    sed '1,/^$/d' log/${V##*/}.tlog-proof | sed -n 3p | base64 -d | { hex; echo; }
done
grep -h '"type":"fixity check"' custody/events/*/leaf.json
```"""

SEALED = f"""\
The institution signed `tagmanifest-sha256.txt`, and so every file of the package. OpenSSL says "CMS
Verification successful" (in some versions "Verification successful"); the rest shows whose certificate
it is. Whether to trust it is for you.

```sh
openssl cms -verify -binary -inform PEM -in {SEAL} -content tagmanifest-sha256.txt -noverify \\
    -signer "$W/signer" -out "$W/out"
openssl x509 -in "$W/signer" -noout -subject -issuer -fingerprint -sha256
```"""

LIMITS = f"""\
## What this does not show

{NOT_SHOWN}

The steps speak of the records, the files in `data/files`, the log and what was said of it. The other
papers (`data/exhibits.json`, `data/replay.wacz`, `custody/premis.xml`, `custody/prov.json`, `legal/`)
are there to be read; nothing but steps 1 and 10 vouches for them.
"""


def verify_md(files: PackageFiles) -> str:
    """The text of VERIFY.md for a package that holds all its other parts. Raises `DamagedError`."""
    listed = exhibits(files)
    parts = [
        INTRODUCTION,
        "\n".join([OUTSIDE, "", *_fingerprints(files)]),
        COMPLETE,
        RECORDS.format(id=listed[0].id),
        _content(listed),
        LEAVES,
        LOGGED,
        _signed(files),
        "\n\n".join(["## 7 stamped", *(list(_stamped(files)) or ["not checked: no time stamp."])]),
        "\n\n".join(
            ["## 8 countersigned", *(list(_cosigned(files)) or ["not checked: no cosignature."])]
        ),
        CUSTODY,
        f"## 10 sealed\n\nWhere there is a file {SEAL}: {SEALED[0].lower()}{SEALED[1:]}",
        LIMITS,
    ]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _content(listed: tuple[Exhibit, ...]) -> str:
    found = next((exhibit for exhibit in listed if exhibit.content), None)
    if found is None or found.content is None:
        return "## 3 content\n\nNo exhibit has a content that could be compared."
    return CONTENT.format(id=found.id, file=shlex.quote(found.content))


def _fingerprints(files: PackageFiles) -> Iterator[str]:
    for key in policy(files).logs:
        yield f"- the log `{key.name}`: key SHA-256 `{fingerprint(key)}`"
    for cosigner in policy(files).cosigners:
        yield f"- the cosigner `{cosigner.name}`: key SHA-256 `{fingerprint(cosigner)}`"
    for name in files.named(r"timestamps/[^/]+\.roots\.pem"):
        for root in _certificates(files, name):
            digest = root.fingerprint(hashes.SHA256()).hex()
            yield f"- the root of `{_authority(name)}`: certificate SHA-256 `{digest}`"


def _certificates(files: PackageFiles, name: str) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(files.read(name))
    except ValueError as error:
        raise PackageError(f"a certificate that cannot be read: {error}") from error


def _signed(files: PackageFiles) -> str:
    line, key = _signature(files, CHECKPOINT)
    return SIGNED.format(line=line, key=key)


def _signature(files: PackageFiles, checkpoint: str) -> tuple[str, str]:
    """How sed prints the log's signature under a checkpoint, and the key for OpenSSL."""
    note = Note.parse(files.read(checkpoint))
    origin = Checkpoint.parse(note.text).origin
    for name in files.named(r"log/(closed-[^/]+/)?keys/[^/]+\.vkey"):
        key = Verifier.parse(files.read(name).decode("utf-8", "replace").strip())
        if key.name == origin and any(signature.by(key) for signature in note.signatures):
            return _line(note, key.key_id), shlex.quote(f"{name.removesuffix('.vkey')}.pub.pem")
    raise PackageError(f"no known key of {origin} signed the checkpoint")


def _line(note: Note, key_id: bytes) -> str:
    """The sed command that prints the signature of a key, in base64."""
    for number, signature in enumerate(note.signatures, note.text.count("\n") + 2):
        if signature.key_id == key_id:
            return shlex.quote(f"{number}s/^.* //p")
    raise PackageError("no such signature")


def _stamped(files: PackageFiles) -> Iterator[str]:
    yield from _stamps(files, r"timestamps/", CHECKPOINT)
    for checkpoint in files.named(rf"{EARLIER}checkpoint"):
        folder = checkpoint.rpartition("/")[0]
        line, key = _signature(files, checkpoint)
        yield BEFORE.format(folder=shlex.quote(folder), line=line, key=key)
        yield from _stamps(files, re.escape(f"{folder}/"), checkpoint)


def _stamps(files: PackageFiles, folder: str, checkpoint: str) -> Iterator[str]:
    for name in files.named(rf"{folder}[^/]+\.tsr"):
        stem = name.removesuffix(".tsr")
        base, data = shlex.quote(stem), shlex.quote(checkpoint)
        untrusted = f" -untrusted {base}.chain.pem" if f"{stem}.chain.pem" in files else ""
        text = STAMPED.format(name=_authority(name), base=base, data=data, untrusted=untrusted)
        if b"test yes" in files.read(f"{stem}.authority.txt"):
            text = f"A test authority, which proves nothing. {text}"
        if f"{stem}.crl.pem" in files:
            text += "\n" + REVOKED.format(base=base, data=data, untrusted=untrusted)
        yield text


def _authority(name: str) -> str:
    return name.rpartition("/")[2].partition(".")[0]


def _cosigned(files: PackageFiles) -> Iterator[str]:
    note = Note.parse(files.read(CHECKPOINT))
    for cosigner in policy(files).cosigners:
        if any(signature.by(cosigner) for signature in note.signatures):
            line = _line(note, cosigner.key_id)
            yield COSIGNED.format(name=cosigner.name, line=line, key=cosigner.public_key.hex())
