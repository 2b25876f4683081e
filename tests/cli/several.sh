#!/bin/sh
# several.sh: several hosts are changed in order and in batches, and what is not tried says so.
#
# The three hosts are this machine under three names, so that only the first can have the run's folder.
. "$(dirname "$0")/common.sh"
plan=$room/plan.json
cat >"$room/hosts.yaml" <<'YAML'
hosts:
  a: {transport: local}
  b: {transport: local}
  c: {transport: local}
YAML
hosts() { jq -r '[.hosts[] | "\(.host)=\(.status)"] | join(" ")' "$room/out"; }
errors() { jq -r '[.hosts[] | select(.error) | "\(.host): \(.error)"] | join("\n")' "$room/out"; }
make_plan() {
    answer 'it answers 502'
    cp "$room/svc/answer" "$room/was"
    sick plan -i "$room/hosts.yaml" -H a,b,c -o "$plan" "$@" >/dev/null 2>&1
}
apply() { "$fettle" apply "$plan" --approve-recommended -i "$room/hosts.yaml" --json "$@"; }

make_plan
expect 1 'one after the other' apply
check 'the first is fixed, the others refused' [ "$(hosts)" = 'a=fixed b=refused c=refused' ]
check 'the second says why' [ "$(errors | grep -c '^b: .*could not be started')" = 1 ]
check 'the third was not tried' [ "$(errors | grep -c '^c: not tried, since changes before it failed')" = 1 ]
check 'its fix is refused' [ "$(jq -r '.hosts[2].fixes[0].status' "$room/out")" = refused ]
make_plan
expect 1 'one failure is allowed' apply --max-failures 1
check 'the third was tried' [ "$(errors | grep -c '^c: .*could not be started')" = 1 ]
make_plan
expect 1 'all side by side' apply --batch 100%
check 'exactly one is fixed' [ "$(hosts | tr ' ' '\n' | grep -c =fixed)" = 1 ]
check 'and all were tried' [ "$(errors | grep -c 'not tried')" = 0 ]
check 'the others say why' [ "$(errors | grep -c 'could not be started')" = 2 ]
for bad in 0 1, ,1 x 1,101 50%% ''; do
    expect 64 "--batch $bad" apply --batch "$bad"
    check 'says what is wanted' warned '--batch needs sizes'
done
expect 64 '--max-failures' apply --max-failures -1
expect 64 '--batch of a diagnosis' sick diagnose --batch 1

make_plan --plan-ttl 1
sleep 1.2
expect 5 'a plan that was good for a second' apply
check 'has expired' warned 'the plan expired at'
check 'nothing was touched' cmp -s "$room/svc/answer" "$room/was"
expect 64 'a ttl of nothing' sick plan -o "$plan" --plan-ttl 0
finish
