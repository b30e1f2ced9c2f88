#!/bin/sh
# Verifies an evidence package without any program of those who made it.
#
#     sh verify.sh [FOLDER]        FOLDER is the unpacked package; by default where this file lies
#
# It needs a POSIX shell, GNU coreutils, sed, grep and awk; OpenSSL 3 for signatures and time stamps.
# It asks no network and no clock, and writes only into a temporary folder that it removes again.
# Ten steps print a line each: "passed", "failed" or "not checked"; what cannot be checked here, for
# want of a tool or of a thing to check, is never called passed. Below a failed step stand the files
# that failed it. It ends with 0 where all that counts passed, 1 where a step failed, else 3.
# VERIFY.md says the same steps as commands to type.
set -u
LC_ALL=C
export LC_ALL
unset CDPATH
case $0 in */*) here=${0%/*} ;; *) here=. ;; esac
cd -- "${1:-$here}" || exit 3

# lacking TOOL...: "no TOOL" for the first that is not on this machine.
lacking() {
    for tool; do
        command -v "$tool" > /dev/null 2>&1 || { echo "no $tool"; return; }
    done
}
not_shown() {
    echo 'This does not show that nothing was made up when it was captured, that nobody altered it on its way'
    echo 'from the server, who wrote it, or that what it says is true.'
}
lacks=$(lacking awk base64 cat comm cp cut date grep head mktemp od rm sed sha256sum sha512sum sort \
    tail tr uniq wc)
if [ -n "$lacks" ]; then
    number=0
    for step in complete records content leaves logged signed stamped countersigned custody sealed; do
        number=$((number + 1))
        echo "$number $step: not checked ($lacks)"
    done
    echo 'overall: not checked'
    not_shown
    exit 3
fi
tmp=$(mktemp -d) || exit 3
trap 'rm -rf -- "$tmp"' EXIT
trap 'exit 3' HUP INT TERM
: > "$tmp/openssl.cnf"
OPENSSL_CONF=$tmp/openssl.cnf # what is configured on this machine has no say
export OPENSSL_CONF

# --- Words for the answers -----------------------------------------------------------------------

# begin NUMBER NAME TOOL...: a step begins; $why says why it cannot be done, where it cannot.
refused=
begin() {
    step="$1 $2"
    : > "$tmp/failures"
    shift 2
    why=$refused
    [ -n "$why" ] || why=$(lacking "$@")
    [ -z "$why" ]
}

# fail FILE REASON: something is wrong. Names are hostile: no control character gets to a terminal.
fail() {
    printf '  %s: %s' "$1" "$2" | tr -d '\000-\037\177' >> "$tmp/failures"
    echo >> "$tmp/failures"
}

# finish DETAIL: print the line of the step, and what failed; the answer is kept as $answer_NUMBER.
finish() {
    wrong=$(wc -l < "$tmp/failures")
    answer=passed detail=$1
    [ -z "$why" ] || answer='not checked' detail=$why
    [ "$wrong" -eq 0 ] || answer=failed detail="$((wrong)) wrong"
    printf '%s: %s (%s)' "$step" "$answer" "$detail" | tr -d '\000-\037\177'
    echo
    cat "$tmp/failures"
    eval "answer_${step%% *}=\$answer"
}

# --- Bytes ---------------------------------------------------------------------------------------

sha256() { sha256sum | cut -c 1-64; }                  # of standard input, in hex
hex() { od -An -v -tx1 | tr -d ' \n'; }                # bytes to hex
same() { [ "$(sha256)" = "$(sha256 < "$1")" ]; }        # is standard input what FILE holds?
slice() { tail -c "+$(($2 + 1))" "$1" | head -c "$3"; } # FILE OFFSET LENGTH

# bytes HEX: hex to bytes, by octal escapes, which every printf knows.
bytes() {
    # shellcheck disable=SC2059  # the format holds nothing but \ooo
    printf "$(printf '%s\n' "$1" | awk '{
        for (i = 1; i < length($0); i += 2)
            printf "\\%03o", 16 * (index("0123456789abcdef", substr($0, i, 1)) - 1) \
                + index("0123456789abcdef", substr($0, i + 1, 1)) - 1
    }')"
}

# flat FILE: JSON as lines "value<TAB>KEY<TAB>...<TAB>VALUE"; "odd" for what canonical JSON never has:
# white space between its parts, keys out of order or twice. The text is cut at its quotation marks;
# a mark with an odd number of backslashes before it is part of a string. Tabs cannot be in a string
# of JSON, so they separate well.
flat() {
    awk '
        function path(    i, p) {
            for (i = 1; i <= depth; i++) p = p "\t" (kind[i] == "{" ? key[i] : place[i])
            return p
        }
        BEGIN { RS = "\"" }
        within {
            text = text $0
            if (match($0, /\\+$/) && RLENGTH % 2) { text = text "\""; next }
            within = 0
            if (named) {
                if (many[depth]++ && text <= key[depth]) print "odd"
                key[depth] = text
                named = 0
            }
            else print "value" path() "\t" text
            next
        }
        {
            word = ""
            for (i = 1; i <= length($0); i++) {
                c = substr($0, i, 1)
                if (c ~ /[-+.0-9A-Za-z]/) { word = word c; continue }
                if (word != "") { print "value" path() "\t" word; word = "" }
                if (c == "{" || c == "[") { kind[++depth] = c; place[depth] = many[depth] = 0; named = c == "{" }
                else if (c == "}" || c == "]") { depth--; named = 0 }
                else if (c == "," && kind[depth] == "{") named = 1
                else if (c == ",") place[depth]++
                else if (c != ":") print "odd"
            }
            if (word != "") print "value" path() "\t" word
            within = 1
            text = ""
        }
    ' "$1"
}

# value FLAT KEY...: the value at this path of keys; nothing where there is none.
value() {
    flattened=$1
    shift
    awk -F '\t' -v want="$(printf '\t%s' "$@")" '
        $1 == "value" && substr($0, 6, length(want) + 1) == want "\t" && NF == split(want, _, "\t") + 1 {
            print $NF
        }' "$flattened"
}

# number FILE PATTERN: whether the file is one line of that form. Numbers have no leading zero.
natural='(0|[1-9][0-9]{0,14})'
is_line() { [ "$(wc -l < "$1")" -eq 1 ] && grep -Eqx "$2" "$1"; }

# --- 1 complete ----------------------------------------------------------------------------------
# Every file that the manifests list is there with its digests, and no other file is there.

# walk FOLDER: the files below it, one a line. Links, devices and names with a newline are refused.
newline='
'
walk() {
    for entry in "$1"/* "$1"/.[!.]* "$1"/..?*; do
        case $entry in *"$newline"*) fail "${entry#./}" 'a name with a newline'; continue ;; esac
        if [ -h "$entry" ]; then
            fail "${entry#./}" 'a link, where only files may be'
        elif [ -f "$entry" ]; then
            printf '%s\n' "${entry#./}"
        elif [ -d "$entry" ]; then
            walk "$entry"
        elif [ -e "$entry" ]; then
            fail "${entry#./}" 'neither a file nor a folder'
        fi
    done
}

# manifest NAME DIGITS: its lines "DIGEST  PATH" go to $tmp/NAME, its paths to $tmp/NAME.paths. A
# manifest with a line of another form, or a path that leads out of the folder, is not used at all.
manifest() {
    : > "$tmp/$1"
    : > "$tmp/$1.paths"
    if [ ! -f "$1" ]; then
        fail "$1" 'missing'
    elif [ -n "$(tail -c 1 "$1")" ] || [ ! -s "$1" ] ||
        grep -aEqv "^[0-9a-f]{$2}  [^/[:cntrl:]\\\\][^[:cntrl:]\\\\]*\$" "$1"; then
        fail "$1" 'not lines of a digest, two spaces and a path'
    elif cut -d ' ' -f 3- "$1" | grep -aEq '(^|/)\.{0,2}(/|$)'; then
        fail "$1" 'a path that leads out of the package'
    elif [ -n "$(cut -d ' ' -f 3- "$1" | foreign "$1")" ]; then
        fail "$1" 'a path that does not belong into this manifest'
    elif [ -n "$(cut -d ' ' -f 3- "$1" | sort | uniq -d)" ]; then
        fail "$1" 'a path that stands in it twice'
    else
        cp "$1" "$tmp/$1"
        cut -d ' ' -f 3- "$1" | sort > "$tmp/$1.paths"
    fi
}

foreign() { # MANIFEST: of the paths on standard input those that belong into another one
    case $1 in
        manifest-*) grep -v '^data/' ;;
        *) grep -E '^(data|signatures)/|^tagmanifest-' ;;
    esac
}

# digests MANIFEST PROGRAM: the program that counts them compares; it prints what is not equal.
digests() {
    sed 's|  |  ./|' "$tmp/$1" | "$2" -c --quiet 2> /dev/null | sed 's|^\./||; s|: FAILED.*$||' |
        while IFS= read -r path; do
            [ ! -f "$path" ] || fail "$path" "not the bytes that $1 lists"
        done
}

: > "$tmp/listed"
if begin 1 complete; then
    walk . | sort > "$tmp/found"
    if [ -s "$tmp/failures" ]; then
        refused='the folder holds what is no plain file'
    else
        printf 'BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n' > "$tmp/bagit"
        [ -f bagit.txt ] && same bagit.txt < "$tmp/bagit" || fail bagit.txt 'does not say that this is BagIt 1.0'
        for both in manifest tagmanifest; do
            manifest "$both-sha256.txt" 64
            manifest "$both-sha512.txt" 128
            digests "$both-sha256.txt" sha256sum
            digests "$both-sha512.txt" sha512sum
            same "$tmp/$both-sha512.txt.paths" < "$tmp/$both-sha256.txt.paths" ||
                fail "$both-sha512.txt" "does not list the files that $both-sha256.txt lists"
        done
        sort "$tmp/manifest-sha256.txt.paths" "$tmp/tagmanifest-sha256.txt.paths" > "$tmp/listed"
        comm -23 "$tmp/listed" "$tmp/found" > "$tmp/missing"
        comm -13 "$tmp/listed" "$tmp/found" |
            grep -Ev '^(tagmanifest-sha(256|512)\.txt|signatures/tagmanifest-sha256\.txt\.p7s(\.tsr)?)$' \
                > "$tmp/extra"
        while IFS= read -r path; do fail "$path" 'missing'; done < "$tmp/missing"
        while IFS= read -r path; do fail "$path" 'no manifest lists it'; done < "$tmp/extra"
        tr A-Z a-z < "$tmp/found" | sort | uniq -d > "$tmp/twins"
        while IFS= read -r path; do fail "$path" 'two names that some systems take for one'; done < "$tmp/twins"
    fi
    finish "$(($(wc -l < "$tmp/listed"))) files"
else
    finish ''
fi

# The exhibits, and all leaves with where their proofs are: "FOLDER PROOF ID KIND".
: > "$tmp/exhibits"
: > "$tmp/leaves"
: > "$tmp/captures"
id='[0-9a-hjkmnp-tv-z]{16}'
if [ -z "$refused" ] && [ -f exhibits.txt ] && [ -s exhibits.txt ] && [ -z "$(tail -c 1 exhibits.txt)" ] &&
    ! grep -aEqv "^$id (-|data/files/[^/[:cntrl:]]+)\$" exhibits.txt &&
    [ -z "$(cut -d ' ' -f 1 exhibits.txt | sort | uniq -d)" ]; then
    cp exhibits.txt "$tmp/exhibits"
    while read -r exhibit path; do
        echo "data/exhibits/$exhibit log/$exhibit.tlog-proof $exhibit capture"
    done < exhibits.txt > "$tmp/captures"
    cp "$tmp/captures" "$tmp/leaves"
    for folder in data/plan/*/ custody/events/*/; do
        folder=${folder%/} leaf=${folder##*/}
        printf '%s\n' "$leaf" | grep -Eqx "$id" || continue
        case $folder in
            data/plan/*) echo "$folder log/plan-$leaf.tlog-proof $leaf crawl" ;;
            *) echo "$folder log/$leaf.tlog-proof $leaf event" ;;
        esac
    done >> "$tmp/leaves"
fi
no_exhibits='not lines of an id and the path of a content'

# --- 2 records -----------------------------------------------------------------------------------
# Each record of the excerpt is, byte for byte, what its leaf lists; the leaf is the block of the
# metadata record that stands before them.

warc=data/warc/excerpt.warc
# statement FOLDER: the metadata record whose block is FOLDER/leaf.json.
statement() {
    leaf=$1/leaf.json place=$1/statement.txt
    if ! is_line "$place" "$natural $natural"; then fail "$place" 'not an offset and a length'; return; fi
    read -r offset length < "$place"
    size=$(($(wc -c < "$leaf")))
    if [ "$length" -le $((size + 4)) ]; then fail "$place" 'shorter than the leaf'; return; fi
    slice "$warc" "$offset" "$length" > "$tmp/record"
    head -c $((length - size - 4)) "$tmp/record" > "$tmp/head"
    { cat "$leaf"; printf '\r\n\r\n'; } > "$tmp/block"
    tail -c $((size + 4)) "$tmp/record" | same "$tmp/block" ||
        fail "$leaf" 'not the block of its metadata record'
    printf '\r\n\r\n' > "$tmp/ends"
    tail -c 4 "$tmp/head" | same "$tmp/ends" || fail "$warc" "no metadata record at byte $offset"
    tr -d '\r' < "$tmp/head" > "$tmp/lines"
    for line in 'WARC/1.1' 'WARC-Type: metadata' "Content-Length: $size" \
        "Muniment-Salt: $(hex < "$1/salt.bin")"; do
        grep -Fqx -e "$line" "$tmp/lines" || fail "$warc" "byte $offset: no line '$line'"
    done
}
# listed FOLDER: the records that the leaf lists, as "LENGTH SHA256 TYPE".
listed() {
    flat "$1/leaf.json" | awk -F '\t' '
        $1 == "value" && $2 == "records" {
            if ($4 == "type" && NF == 5) type[$3] = $5
            if ($4 == "record" && $5 == "length" && NF == 6) size[$3] = $6
            if ($4 == "record" && $5 == "sha256" && NF == 6) sha[$3] = $6
            if ($3 + 1 > count) count = $3 + 1
        }
        END { for (i = 0; i < count; i++) print size[i], sha[i], type[i] }'
}
if begin 2 records; then
    [ -s "$tmp/exhibits" ] || fail exhibits.txt "$no_exhibits"
    count=0
    while read -r folder proof exhibit kind; do
        absent=
        for file in "$warc" "$folder/leaf.json" "$folder/salt.bin" "$folder/records.txt" \
            "$folder/statement.txt"; do
            [ -f "$file" ] || { fail "$file" missing; absent=yes; }
        done
        [ -z "$absent" ] || continue
        statement "$folder"
        listed "$folder" > "$tmp/listed"
        if grep -Eqv "^$natural $natural [0-9a-f]{64} [a-z]+\$" "$folder/records.txt"; then
            fail "$folder/records.txt" 'not lines of offset, length, SHA-256 and type'
            continue
        fi
        cut -d ' ' -f 2- "$folder/records.txt" | same "$tmp/listed" ||
            fail "$folder/records.txt" 'does not list the records that the leaf lists'
        while read -r offset length digest type; do
            count=$((count + 1))
            slice "$warc" "$offset" "$length" > "$tmp/record"
            [ "$(sha256 < "$tmp/record") $(($(wc -c < "$tmp/record")))" = "$digest $length" ] ||
                fail "$warc" "byte $offset: not the record that the leaf of $exhibit lists"
        done < "$folder/records.txt"
        count=$((count + 1))
    done < "$tmp/captures"
    for folder in data/exhibits/*/; do
        folder=${folder%/}
        [ ! -d "$folder" ] || grep -Fq "$folder " "$tmp/captures" || fail "$folder" 'not in exhibits.txt'
    done
    finish "$count records"
else
    finish ''
fi

# --- 3 content -----------------------------------------------------------------------------------
# Each file in data/files is the content that the leaf commits to. Where the answer was sent without
# any coding its content is the end of the response record, and is taken from there as well.

content() { # EXHIBIT PATH
    leaf=data/exhibits/$1/leaf.json
    [ -f "$leaf" ] || { fail "$leaf" missing; return; }
    flat "$leaf" > "$tmp/flat"
    size=$(value "$tmp/flat" digests content length)
    digest=$(value "$tmp/flat" digests content sha256)
    if [ "$2" = - ]; then
        [ "${size:-0}" != 0 ] || return
        if [ -n "$(value "$tmp/flat" revisit record)" ]; then # a repeat, of which the first is lost
            why="the content of $1 is not in the package"
        else
            fail "$leaf" 'its content is not in the package'
        fi
        return
    fi
    if [ ! -f "$2" ]; then fail "$2" missing; return; fi
    files=$((files + 1))
    [ "$(sha256 < "$2") $(($(wc -c < "$2")))" = "$digest $size" ] ||
        fail "$2" "not the content that the leaf of $1 commits to"
    [ -n "$size" ] && [ "$(value "$tmp/flat" digests body sha256)" = "$digest" ] || return
    ! grep -q 'trailing-bytes$' "$tmp/flat" || return
    awk '$4 == "response" || $4 == "resource"' "data/exhibits/$1/records.txt" 2> /dev/null |
        tail -n 1 > "$tmp/answer"
    [ "$(awk '$4 == "response"' "data/exhibits/$1/records.txt" 2> /dev/null | wc -l)" -le 1 ] || return
    read -r offset length _ type < "$tmp/answer" || return
    [ "$type" = response ] || [ "$(tail -n 1 "data/exhibits/$1/records.txt")" = "$(cat "$tmp/answer")" ] || return
    slice "$warc" "$offset" "$((length - 4))" 2> /dev/null | tail -c "$size" | same "$2" ||
        fail "$2" "not what the answer at byte $offset of $warc ends with"
}
if begin 3 content; then
    files=0
    [ -s "$tmp/exhibits" ] || fail exhibits.txt "$no_exhibits"
    while read -r exhibit path; do content "$exhibit" "$path"; done < "$tmp/exhibits"
    for path in data/files/* data/files/.[!.]*; do
        [ ! -e "$path" ] || cut -d ' ' -f 2- "$tmp/exhibits" | grep -Fqx -e "$path" ||
            fail "$path" 'the content of no exhibit'
    done
    finish "$files files"
else
    finish ''
fi

# --- 4 leaves ------------------------------------------------------------------------------------
# Each leaf is one JSON object in canonical form (RFC 8785), so that it has one meaning; with its salt
# of 32 bytes it gives an entry: SHA-256(salt, leaf). Entries go to $tmp/entries: "FOLDER ENTRY".

: > "$tmp/entries"
: > "$tmp/times"
if begin 4 leaves; then
    [ -s "$tmp/leaves" ] || fail exhibits.txt "$no_exhibits"
    while read -r folder proof leaf kind; do
        if [ ! -f "$folder/leaf.json" ] || [ ! -f "$folder/salt.bin" ]; then
            fail "$folder" 'leaf.json or salt.bin is missing'
            continue
        fi
        [ "$(wc -c < "$folder/salt.bin")" -eq 32 ] || fail "$folder/salt.bin" 'not 32 bytes'
        if [ "$(tr -d '\000-\037' < "$folder/leaf.json" | wc -c)" -ne "$(wc -c < "$folder/leaf.json")" ]; then
            fail "$folder/leaf.json" 'not canonical JSON'
        fi
        flat "$folder/leaf.json" > "$tmp/flat"
        ! grep -q '^odd' "$tmp/flat" || fail "$folder/leaf.json" 'not canonical JSON, or a key twice'
        [ "$(value "$tmp/flat" id) $(value "$tmp/flat" kind)" = "$leaf $kind" ] ||
            fail "$folder/leaf.json" "not the $kind $leaf"
        echo "$folder $(cat "$folder/salt.bin" "$folder/leaf.json" | sha256)" >> "$tmp/entries"
        echo "$folder $(value "$tmp/flat" time)" >> "$tmp/times"
        plan=$(value "$tmp/flat" plan)
        [ "$kind" != capture ] || [ -z "$plan" ] || echo "$folder/leaf.json $plan" >> "$tmp/plans"
    done < "$tmp/leaves"
    [ -f "$tmp/plans" ] || : > "$tmp/plans"
    while read -r file plan; do
        grep -q "^data/plan/.* $plan\$" "$tmp/entries" || fail "$file" 'its plan is not in data/plan'
    done < "$tmp/plans"
    finish "$(($(wc -l < "$tmp/leaves"))) leaves"
else
    finish ''
fi
cp "$tmp/failures" "$tmp/not-logged"

# --- 5 logged ------------------------------------------------------------------------------------
# From each entry a proof (c2sp.org/tlog-proof) leads to the root in a checkpoint of this package.

node() { { printf '\001'; bytes "$1$2"; } | sha256; } # the node above two others (RFC 6962, 2.1)

# root ENTRY INDEX SIZE: to which root the hashes on standard input lead (RFC 9162, 2.1.3.2).
root() {
    hash=$({ printf '\000'; bytes "$1"; } | sha256)
    index=$2 last=$(($3 - 1))
    while read -r line; do
        sibling=$(printf '%s\n' "$line" | base64 -d 2> /dev/null | hex)
        [ "${#sibling}" -eq 64 ] && [ "$last" -gt 0 ] || { echo none; return; }
        if [ $((index & 1)) -eq 1 ] || [ "$index" -eq "$last" ]; then
            hash=$(node "$sibling" "$hash")
            while [ $((index & 1)) -eq 0 ] && [ "$index" -ne 0 ]; do
                index=$((index >> 1)) last=$((last >> 1))
            done
        else
            hash=$(node "$hash" "$sibling")
        fi
        index=$((index >> 1)) last=$((last >> 1))
    done
    [ "$last" -eq 0 ] && echo "$hash" || echo none
}

logged() { # FOLDER PROOF ENTRY FOLDER-OF-CHECKPOINTS
    if [ ! -f "$2" ]; then fail "$2" missing; return; fi
    sed '1,/^$/d' "$2" > "$tmp/under"
    sed '/^$/,$d' "$2" > "$tmp/proof"
    checkpoint=
    for file in "$4"/checkpoint "$4"/closed-*/checkpoint; do
        [ ! -f "$file" ] || ! same "$file" < "$tmp/under" || checkpoint=$file
    done
    if [ -z "$checkpoint" ]; then fail "$2" 'its checkpoint is not one of this package'; return; fi
    if [ "$(sed -n 1p "$tmp/proof")" != c2sp.org/tlog-proof@v1 ]; then fail "$2" 'not a proof'; return; fi
    sed '1d; 2{/^extra /d;}' "$tmp/proof" > "$tmp/path"
    index=$(sed -n '1s/^index //p' "$tmp/path")
    size=$(sed -n 2p "$checkpoint")
    if ! printf '%s %s\n' "$index" "$size" | grep -Eqx "$natural $natural" || [ "$index" -ge "$size" ]; then
        fail "$2" 'not an entry of its checkpoint'
        return
    fi
    expected=$(sed -n 3p "$checkpoint" | base64 -d 2> /dev/null | hex)
    found=$(sed 1d "$tmp/path" | root "$3" "$index" "$size")
    [ "$found" = "$expected" ] || fail "$2" "does not lead from the entry of $1 to the root of $checkpoint"
}
if begin 5 logged; then
    [ -s "$tmp/leaves" ] || fail exhibits.txt "$no_exhibits"
    while read -r folder proof leaf kind; do
        entry=$(sed -n "s|^$folder ||p" "$tmp/entries")
        if [ -n "$entry" ]; then logged "$folder" "$proof" "$entry" log; else fail "$proof" 'proves no leaf'; fi
    done < "$tmp/leaves"
    for proof in log/*.tlog-proof; do
        [ ! -e "$proof" ] || grep -Fq " $proof " "$tmp/leaves" || fail "$proof" 'proves no leaf'
    done
    count=$(wc -l < "$tmp/leaves")
    # Checkpoints that were stamped before this package was made have proofs of their own.
    for proof in timestamps/earlier/*/*.tlog-proof; do
        [ -f "$proof" ] || continue
        leaf=${proof##*/} leaf=${leaf%.tlog-proof}
        folder=$(awk -v leaf="$leaf" '$3 == leaf { print $1; exit }' "$tmp/leaves")
        entry=
        [ -z "$folder" ] || entry=$(sed -n "s|^$folder ||p" "$tmp/entries")
        if [ -z "$entry" ] || [ ! -f "${proof%/*}/checkpoint" ]; then
            fail "$proof" 'proves no leaf in a checkpoint of this package'
        else
            logged "$folder" "$proof" "$entry" "${proof%/*}"
            count=$((count + 1))
        fi
    done
    finish "$((count)) proofs"
else
    finish ''
fi
cat "$tmp/failures" >> "$tmp/not-logged"

# --- 6 signed ------------------------------------------------------------------------------------
# Each checkpoint is a note (c2sp.org/signed-note) signed by a key of its log. Whose key that is only
# an outside source can say: the SHA-256 of its 32 bytes is printed to be compared with one.

# key VKEY TYPE: name, key ID and the 32 bytes of a verifier key NAME+ID+BASE64 of this type, if it is
# one: the ID is the start of SHA-256(name, newline, type, key).
key() {
    printf '%s\n' "$1" | grep -Eqx '[^+ ]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+' || return 0
    key_name=${1%%+*} rest=${1#*+}
    material=$(printf '%s\n' "${rest#*+}" | base64 -d 2> /dev/null | hex)
    [ "${#material}" -eq 66 ] && [ "${material%"${material#??}"}" = "$2" ] || return 0
    wanted=$({ printf '%s\n' "$key_name"; bytes "$material"; } | sha256 | cut -c 1-8)
    [ "$wanted" = "${rest%%+*}" ] || return 0
    echo "$key_name $wanted ${material#??}"
}
# verified KEY: whether $tmp/sig is the signature of this Ed25519 key over $tmp/text.
verified() {
    bytes "302a300506032b6570032100$1" > "$tmp/key.der"
    openssl pkeyutl -verify -pubin -inkey "$tmp/key.der" -keyform DER -rawin -in "$tmp/text" \
        -sigfile "$tmp/sig" > /dev/null 2>&1
}
# signatures NOTE NAME ID: the signatures of that key under the note, in hex.
signatures() {
    sed '1,/^$/d' "$1" | while read -r dash name signature; do
        [ "$dash $name" = "— $2" ] || continue
        found=$(printf '%s\n' "$signature" | base64 -d 2> /dev/null | hex)
        case $found in "$3"*) echo "${found#????????}" ;; esac
    done
}

# keys FILE...: the log's keys in .vkey files, each with the same key for OpenSSL beside it.
keys() {
    for file; do
        [ -f "$file" ] || continue
        found=$(key "$(cat "$file")" 01)
        if [ -z "$found" ]; then fail "$file" 'not an Ed25519 verifier key'; continue; fi
        pem=${file%.vkey}.pub.pem
        [ "$(openssl pkey -pubin -in "$pem" -outform DER 2> /dev/null | tail -c 32 | hex)" = "${found##* }" ] ||
            fail "$pem" "not the key of $file"
        echo "$found"
    done
}
: > "$tmp/details"
signed() { # CHECKPOINT FILE-OF-KEYS
    sed '/^$/,$d' "$1" > "$tmp/text"
    origin=$(sed -n 1p "$1")
    if [ "$(grep -c '^$' "$1")" -ne 1 ] || [ -n "$(tail -c 1 "$1")" ]; then fail "$1" 'not a signed note'; return; fi
    : > "$tmp/signers"
    while read -r name identifier public; do
        [ "$name" = "$origin" ] || continue
        for signature in $(signatures "$1" "$name" "$identifier"); do
            bytes "$signature" > "$tmp/sig"
            if verified "$public"; then
                bytes "$public" | sha256 >> "$tmp/signers"
            else
                fail "$1" "the signature of $name is false"
            fi
        done
    done < "$2"
    if [ ! -s "$tmp/signers" ]; then fail "$1" "no known key of $origin signed it"; return; fi
    echo "$origin, $(sed -n 2p "$1") entries, key sha256 $(sort -u "$tmp/signers" | tr '\n' ' ' | sed 's/ $//')" \
        >> "$tmp/details"
}
joined() { awk '{ printf "%s%s", (NR > 1 ? "; " : ""), $0 }' "$1"; }
if begin 6 signed openssl; then
    [ -f log/checkpoint ] || fail log/checkpoint missing
    keys log/keys/*.vkey | sort -u > "$tmp/keys"
    # Of the keys in log/keys those count that log/policy.txt names.
    sed -n 's/^log \([^ ]*\).*$/\1/p' log/policy.txt 2> /dev/null | while read -r vkey; do key "$vkey" 01; done |
        sort -u > "$tmp/trusted"
    [ -s "$tmp/trusted" ] || fail log/policy.txt 'names no key of a log'
    [ -z "$(comm -23 "$tmp/trusted" "$tmp/keys")" ] || fail log/policy.txt 'a key that is not in log/keys'
    [ ! -f log/checkpoint ] || signed log/checkpoint "$tmp/trusted"
    keys log/closed-*/keys/*.vkey | sort -u - "$tmp/keys" > "$tmp/old"
    for other in log/closed-*/ timestamps/earlier/*/; do
        other=${other%/}
        [ -d "$other" ] || continue
        if [ -f "$other/checkpoint" ]; then
            signed "$other/checkpoint" "$tmp/old"
        else
            fail "$other/checkpoint" missing
        fi
    done
    finish "$(joined "$tmp/details")"
else
    finish ''
fi

# --- 7 stamped -----------------------------------------------------------------------------------
# Each time stamp (RFC 3161) is of log/checkpoint, or of the earlier checkpoint in its own folder, and
# answers its request, by an authority below the roots beside it. The chain is judged at the time that the stamp tells: a certificate that ended
# later harms nothing. Whose roots those are only an outside source can say.

# split FILE BEGINNING: each PEM object of FILE as a file of its own, BEGINNING1, BEGINNING2, …
split_pem() {
    rm -f "$2"[0-9]*
    awk -v to="$2" '/^-----BEGIN / { file = to (++n) } file { print > file } /^-----END / { close(file); file = "" }' \
        "$1" 2> /dev/null
}
seconds() { date -u -d "$1" +%s 2> /dev/null; }
# authentic ROOTS SECONDS OPTION...: whether the stamp $tsr of $name holds against these roots.
authentic() {
    roots=$1 at=$2
    shift 2
    openssl ts -verify -in "$tsr" -CAfile "$roots" -untrusted "$tmp/chain" -attime "$at" "$@" > /dev/null 2>&1
}
# harmless CERTIFICATE: whether it is on no list, or revoked after $time for a reason that leaves
# earlier stamps valid (RFC 3161, 4).
harmless() {
    serial=$(openssl x509 -in "$1" -noout -serial 2> /dev/null | sed 's/^serial=//')
    cat "$tmp"/crl[0-9]*.text | awk -v serial="$serial" '
        /Serial Number:/ { mine = $NF == serial; if (mine) found = 1 }
        mine && /Revocation Date:/ { sub(/^.*Revocation Date: /, ""); print "date " $0 }
        mine && /(Unspecified|Affiliation Changed|Superseded|Cessation Of Operation)/ { print "reason" }
    ' > "$tmp/revoked"
    [ -s "$tmp/revoked" ] || return 0
    grep -q '^reason' "$tmp/revoked" && [ "$(seconds "$(sed -n 's/^date //p' "$tmp/revoked")")" -gt "$time" ]
}
# revocation NAME: "revocation checked", "revocation not checked", or "revoked".
revocation() {
    if [ ! -s "timestamps/$1.crl.pem" ]; then echo 'revocation not checked'; return; fi
    split_pem "timestamps/$1.crl.pem" "$tmp/crl"
    at=$time
    for crl in "$tmp"/crl[0-9]*; do
        made=$(seconds "$(openssl crl -in "$crl" -noout -lastupdate 2> /dev/null | sed 's/^.*=//')")
        [ "${made:-0}" -le "$at" ] || at=$made # a list made after the stamp is judged at its own time
        openssl crl -in "$crl" -noout -text > "$crl.text" 2> /dev/null
    done
    cat "timestamps/$1.roots.pem" "timestamps/$1.crl.pem" > "$tmp/with-crl"
    if authentic "$tmp/with-crl" "$at" -data "$stamped" -crl_check_all; then echo 'revocation checked'; return; fi
    split_pem "$tmp/chain" "$tmp/cert"
    answer='revocation not checked'
    for certificate in "$tmp"/cert[0-9]*; do
        harmless "$certificate" || answer=revoked
    done
    echo "$answer"
}
stamp() { # NAME
    tsr=timestamps/$1.tsr stamped=log/checkpoint
    case $1 in */*) stamped=timestamps/${1%/*}/checkpoint ;; esac
    if [ ! -f "$stamped" ]; then fail "$stamped" missing; return; fi
    for part in authority.txt roots.pem tsq; do
        if [ ! -f "timestamps/$1.$part" ]; then fail "timestamps/$1.$part" missing; return; fi
    done
    told=$(openssl ts -reply -in "$tsr" -text 2> /dev/null | sed -n 's/^Time stamp: //p')
    time=$(seconds "$told")
    if [ -z "$told" ] || [ -z "$time" ]; then fail "$tsr" 'not a time stamp'; return; fi
    # Certificates for the chain: those kept beside the stamp and those inside it.
    cat "timestamps/$1.chain.pem" > "$tmp/chain" 2> /dev/null
    openssl ts -reply -in "$tsr" -token_out 2> /dev/null |
        openssl pkcs7 -inform DER -print_certs 2> /dev/null | sed -n '/^-----BEGIN/,/^-----END/p' >> "$tmp/chain"
    [ -s "$tmp/chain" ] || cat "timestamps/$1.roots.pem" > "$tmp/chain"
    if ! authentic "timestamps/$1.roots.pem" "$time" -data "$stamped"; then
        fail "$tsr" "does not hold for $stamped against the roots of its authority"
        return
    fi
    authentic "timestamps/$1.roots.pem" "$time" -queryfile "timestamps/$1.tsq" ||
        fail "timestamps/$1.tsq" 'the stamp answers another request'
    revoked=$(revocation "$1")
    if [ "$revoked" = revoked ]; then fail "$tsr" 'the certificate of its authority was revoked'; return; fi
    while read -r folder moment; do
        case $1 in */*) [ -f "timestamps/${1%/*}/${folder##*/}.tlog-proof" ] || continue ;; esac
        later=$(seconds "$moment")
        [ -n "$later" ] && [ "$later" -gt $((time + 60)) ] &&
            fail "$tsr" "the leaf in $folder says a later time, $moment: a clock was wrong"
    done < "$tmp/times"
    split_pem "timestamps/$1.roots.pem" "$tmp/root"
    fingerprints=$(for root in "$tmp"/root[0-9]*; do openssl x509 -in "$root" -outform DER 2> /dev/null | sha256; done |
        tr '\n' ' ' | sed 's/ $//')
    words="$1 $(date -u -d "$told" +%Y-%m-%dT%H:%M:%SZ), root sha256 $fingerprints, $revoked"
    if grep -qx 'test yes' "timestamps/$1.authority.txt"; then
        echo "$words, test authority, proves nothing" >> "$tmp/details"
    elif grep -qx 'test no' "timestamps/$1.authority.txt"; then
        echo "$words" >> "$tmp/details"
        real=yes
    else
        fail "timestamps/$1.authority.txt" 'does not say whether it is a test'
    fi
}
: > "$tmp/details"
real=
if begin 7 stamped openssl; then
    for file in timestamps/*.tsr timestamps/earlier/*/*.tsr; do
        [ -f "$file" ] || continue
        file=${file#timestamps/}
        stamp "${file%.tsr}"
    done
    for file in timestamps/* timestamps/earlier/*/*; do
        stem=${file%.tsq} stem=${stem%.authority.txt}
        [ "$stem" = "$file" ] || [ -f "$stem.tsr" ] || fail "$stem.tsr" missing
    done
    [ -s "$tmp/details" ] || why='no time stamp'
    [ -n "$real" ] || [ ! -s "$tmp/details" ] || why=$(joined "$tmp/details")
    finish "$(joined "$tmp/details")"
else
    finish ''
fi

# --- 8 countersigned -----------------------------------------------------------------------------
# Each cosignature (c2sp.org/tlog-cosignature) of a cosigner that log/policy.txt names is true.

: > "$tmp/details"
cosigned() { # VKEY
    key "$1" 04 > "$tmp/cosigner"
    if ! read -r name identifier public < "$tmp/cosigner"; then fail log/policy.txt 'not the key of a cosigner'; return; fi
    for signature in $(signatures log/checkpoint "$name" "$identifier"); do
        rest=${signature#????????????????}
        moment=$(printf '%d' "0x${signature%"$rest"}" 2> /dev/null) || moment=-1
        { printf 'cosignature/v1\ntime %s\n' "$moment"; sed '/^$/,$d' log/checkpoint; } > "$tmp/text"
        bytes "$rest" > "$tmp/sig"
        if verified "$public"; then
            echo "$name $(date -u -d "@$moment" +%Y-%m-%dT%H:%M:%SZ)" >> "$tmp/details"
        else
            fail log/checkpoint "the cosignature of $name is false"
        fi
    done
}
if begin 8 countersigned openssl; then
    [ -f log/policy.txt ] || fail log/policy.txt missing
    [ -f log/checkpoint ] || fail log/checkpoint missing
    [ -s "$tmp/failures" ] || for vkey in $(sed -n 's/^witness [^ ]* \([^ ]*\).*$/\1/p' log/policy.txt 2> /dev/null); do cosigned "$vkey"; done
    [ -s "$tmp/details" ] || why='no cosignature'
    finish "$(joined "$tmp/details")"
else
    finish ''
fi

# --- 9 custody -----------------------------------------------------------------------------------
# Each event is in the log like the exhibits, and one of them says that all exhibits were computed
# afresh for this package and are what they were.

if begin 9 custody; then
    events=0 moment=
    while read -r folder proof leaf kind; do
        [ "$kind" = event ] || continue
        ! grep -Fq -e "  $folder" -e "  $proof:" "$tmp/not-logged" || fail "$folder" 'an event that is not logged'
        [ -f "$folder/leaf.json" ] || continue
        events=$((events + 1))
        flat "$folder/leaf.json" > "$tmp/flat"
        [ "$(value "$tmp/flat" type)" = 'fixity check' ] || continue
        awk -F '\t' '$1 == "value" && $2 == "objects" && NF == 4 { print $4 }' "$tmp/flat" | sort -u > "$tmp/objects"
        cut -d ' ' -f 1 "$tmp/exhibits" | sort -u | comm -23 - "$tmp/objects" > "$tmp/others"
        [ ! -s "$tmp/others" ] || continue
        if [ "$(value "$tmp/flat" outcome)" = passed ]; then
            found=$(value "$tmp/flat" time)
            moment=$(printf '%s\n' "$moment" "$found" | sort | tail -n 1)
        else
            fail "$folder/leaf.json" 'the exhibits were computed afresh, and not all were what they must be'
        fi
    done < "$tmp/leaves"
    [ -n "$moment" ] || why='no event says that the exhibits were computed afresh'
    for before in "$answer_4" "$answer_5" "$answer_6"; do
        [ "$before" != 'not checked' ] || why='the log was not checked'
        [ "$before" != failed ] || [ -n "$why" ] || why='the log does not hold'
    done
    finish "$events events, exhibits computed afresh $moment"
else
    finish ''
fi

# --- 10 sealed -----------------------------------------------------------------------------------
# The signature over tagmanifest-sha256.txt, and so over every file, is that of the certificate inside
# it. Whether to trust that certificate is for the reader.

if begin 10 sealed openssl; then
    seal=signatures/tagmanifest-sha256.txt.p7s
    words=
    if [ ! -f "$seal" ]; then
        why='no signature'
        [ ! -f "$seal.tsr" ] || fail "$seal" missing
    elif openssl cms -verify -binary -inform PEM -in "$seal" -content tagmanifest-sha256.txt -noverify \
        -signer "$tmp/signer" -out /dev/null 2> /dev/null && [ -s "$tmp/signer" ]; then
        subject=$(openssl x509 -in "$tmp/signer" -noout -subject -nameopt multiline,utf8,-esc_msb |
            sed -n 's/^ *commonName *= //p' | head -n 1)
        words="$subject, certificate sha256 $(openssl x509 -in "$tmp/signer" -outform DER | sha256)"
    else
        fail "$seal" 'not a signature over tagmanifest-sha256.txt'
    fi
    if [ -f "$seal" ] && [ -f "$seal.tsr" ]; then
        stamped=
        tsr=$seal.tsr
        told=$(openssl ts -reply -in "$tsr" -text 2> /dev/null | sed -n 's/^Time stamp: //p')
        for roots in timestamps/*.roots.pem; do
            [ -f "$roots" ] || continue
            cat "${roots%.roots.pem}.chain.pem" "$roots" > "$tmp/chain" 2> /dev/null
            authentic "$roots" "$(seconds "$told")" -data "$seal" && stamped=yes
        done
        if [ -n "$stamped" ]; then words="$words, time stamp verified"; else fail "$tsr" "not a stamp of $seal by a known authority"; fi
    fi
    finish "$words"
else
    finish ''
fi

# --- Overall -------------------------------------------------------------------------------------

overall=passed status=0
for answer in "$answer_1" "$answer_2" "$answer_3" "$answer_4" "$answer_5" "$answer_6" "$answer_9"; do
    [ "$answer" = passed ] || overall='not checked' status=3
done
for answer in "$answer_1" "$answer_2" "$answer_3" "$answer_4" "$answer_5" "$answer_6" "$answer_7" \
    "$answer_8" "$answer_9" "$answer_10"; do
    [ "$answer" != failed ] || overall=failed status=1
done
echo "overall: $overall"
not_shown
exit $status
