/** `completion`: scripts for shells. kts's own. */
import { flag, HELP, tool, VERSION } from './table.ts';

export const completionTable = tool({
  name: 'completion',
  parser: 'joptsimple',
  summary: 'print the script that lets a shell complete commands, options, topics and groups',
  word: { name: 'bash|zsh|fish', help: 'the shell' },
  options: [
    flag('--candidates', 'print what may stand at the last of the words behind --', { own: true }),
    HELP,
    VERSION,
  ],
  examples: [
    { what: 'bash: in ~/.bashrc', line: 'source <(kts completion bash)' },
    { what: 'zsh: in ~/.zshrc, behind compinit', line: 'source <(kts completion zsh)' },
    { what: 'fish', line: 'kts completion fish > ~/.config/fish/completions/kts.fish' },
  ],
});
