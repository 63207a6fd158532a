# Functions for the root console, typed there: the shell runs no file from elsewhere. They ask a second browser by
# DevTools, which a person's terminal started with the flags of the session's own and with the pipes `in` and `out`.
#
# prepare DIRECTORY: the pipes, and those flags in the file `flags`.
# drive DIRECTORY: DIRECTORY/questions has an address and an expression by turns, a line each, without quotation marks;
# what an expression is on its page, as DevTools says it, becomes a line of DIRECTORY/answers. Everything DevTools says is
# in DIRECTORY/said.
prepare() {
  cd "$1" || return
  mkfifo in out
  for process in /proc/[0-9]*; do
    tr '\0' '\n' <"$process/cmdline" >flags 2>/dev/null
    head -n 1 flags | grep -qx /usr/lib/chromium/chromium && ! grep -q -e '^--type=' -e '^--headless' flags && break
  done
  sed -i '/^--$/,$d; 1d' flags
  chown -R u1 .
}
ask() {
  number=$((number + 1))
  printf '{"id":%d,"method":"%s",%s}\0' $number "$1" "$2" >&5
  until tr '\0' '\n' <said | grep "^{\"id\":$number,"; do sleep 1; done
}
evaluate() {
  how='"awaitPromise":true,"userGesture":true,"returnByValue":true'
  ask Runtime.evaluate "\"sessionId\":\"$target\",\"params\":{\"expression\":\"$1\",$how}"
}
part() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; }
drive() {
  cd "$1" || return
  exec 5>in 6<out
  : >said
  cat <&6 >>said &
  number=0
  while read -r address && read -r expression; do
    ask Target.createTarget "\"params\":{\"url\":\"$address\"}" >reply
    ask Target.attachToTarget "\"params\":{\"targetId\":\"$(part targetId <reply)\",\"flatten\":true}" >reply
    target=$(part sessionId <reply)
    until evaluate "location.protocol != 'about:' && document.readyState" >reply && grep -q complete reply; do
      sleep 1
    done
    evaluate "$expression" >>answers.part
  done <questions
  grep -h -a -o 'service-sandbox-type=[a-z_]\+' /proc/[0-9]*/cmdline | sort -u >sandboxes
  printf '{"id":0,"method":"Browser.close"}\0' >&5
  mv answers.part answers
}
