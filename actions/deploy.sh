#!/bin/sh
# deploy.sh ENVIRONMENT APP VERSION: an example that only says what it would do. Put your steps below.
# What people typed comes as arguments: always write them in double quotes.
set -eu

environment=$1
app=$2
version=$3

step() {
    printf '%s\n' "$*"
}

step "checking that $app $version was built"
# curl --fail --silent --show-error --output /dev/null -- "https://builds.example.org/$app/$version"

step "rolling out to $environment"
# ssh -- "deploy@$environment.example.org" ...

step "$app $version runs in $environment"
