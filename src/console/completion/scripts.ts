/** The scripts for shells. All of them ask kts itself what may follow: lines of a word, a tab, and what it means. */

const BASH = `# kts for bash: source <(kts completion bash)
_kts() {
  local line words
  words=("\${COMP_WORDS[@]:1:COMP_CWORD}")
  # A word like localhost:9092 or a=b was cut in pieces; what stands before the cursor is put together again.
  local cur="\${COMP_LINE:0:COMP_POINT}"
  cur="\${cur##*[[:space:]]}"
  local skip="\${cur%"\${COMP_WORDS[COMP_CWORD]}"}"
  [ "$COMP_CWORD" -gt 0 ] && words[\${#words[@]}-1]="$cur"
  COMPREPLY=()
  while IFS= read -r line; do
    if [ "$line" = ":file" ]; then
      compopt -o filenames 2>/dev/null
      COMPREPLY+=($(compgen -f -- "$cur"))
    else
      line="\${line%%$'\\t'*}"
      COMPREPLY+=("\${line#"$skip"}")
    fi
  done < <(kts completion --candidates -- "\${words[@]}" 2>/dev/null)
}
complete -o nosort -F _kts kts 2>/dev/null || complete -F _kts kts
`;

const ZSH = `#compdef kts
# kts for zsh: source <(kts completion zsh)
_kts() {
  local -a described files
  local line word
  while IFS= read -r line; do
    if [[ "$line" == ":file" ]]; then
      files=(1)
    else
      word="\${line%%$'\\t'*}"
      described+=("\${word//:/\\\\:}:\${line#*$'\\t'}")
    fi
  done < <(kts completion --candidates -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  (( \${#files} )) && _files
  (( \${#described} )) && _describe -V kts described
}
if [ "\${funcstack[1]}" = "_kts" ]; then _kts "$@"; else compdef _kts kts; fi
`;

const FISH = `# kts for fish: kts completion fish > ~/.config/fish/completions/kts.fish
function __kts_candidates
    set -l words (commandline -opc) (commandline -ct)
    for line in (kts completion --candidates -- $words[2..] 2>/dev/null)
        if test "$line" = ":file"
            __fish_complete_path (commandline -ct)
        else
            echo $line
        end
    end
end
complete -c kts -f -a '(__kts_candidates)'
`;

export const SCRIPTS: Readonly<Record<string, string>> = { bash: BASH, zsh: ZSH, fish: FISH };
