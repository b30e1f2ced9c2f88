#!/bin/sh
# System programs and fonts that the tests use. Installs what is missing where it may (root on
# Debian), and names it otherwise. To run muniment itself none is
# needed; bsdtar reads RAR and 7-Zip where it is there, tesseract scans where it is asked for.
set -eu

missing=""
need() { # need PROGRAM PACKAGE
    command -v "$1" >/dev/null 2>&1 || [ -n "$(find /usr/lib/postgresql -name "$1" 2>/dev/null)" ] || missing="$missing $2"
}
need openssl openssl
need nginx nginx-light
need initdb postgresql
need wget wget
need b3sum b3sum
need xmllint libxml2-utils
need go golang-go
[ -d /usr/share/gocode/src/golang.org/x/mod ] || missing="$missing golang-golang-x-mod-dev"
need pdfsig poppler-utils
need certutil libnss3-tools
need bsdtar libarchive-tools # reads RAR and 7-Zip, also for users
need tesseract tesseract-ocr # reads scans, also for users who turn it on
[ -e /usr/share/tesseract-ocr/5/tessdata/chi_sim.traineddata ] || missing="$missing tesseract-ocr-chi-sim"
[ -d /usr/share/fonts-droid-fallback ] || missing="$missing fonts-droid-fallback" # Chinese in PDFs

[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "installing for the tests:$missing"
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update -q && apt-get install -qy --no-install-recommends $missing; } >/dev/null 2>&1 ||
        echo "could not install$missing; the tests that need them will skip and say so"
else
    echo "not installed, so the tests that need them will skip:$missing"
fi
