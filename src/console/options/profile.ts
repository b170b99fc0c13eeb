/** `profile`: named sets of defaults. kts's own. */
import { DRY_RUN, HELP, OUTPUT, tool, VERSION, value } from './table.ts';

const own = { own: true } as const;

export const profileTable = tool({
  name: 'profile',
  parser: 'joptsimple',
  summary: 'name the clusters that you work with, and switch between them',
  word: { name: 'list|use|set|remove [NAME]', help: 'what to do with which profile' },
  options: [
    value('--bootstrap-server', 'HOST:PORT,…', 'set: the brokers to ask first', own),
    value('--topic', 'NAME', 'set: the topic that is meant when none is named', own),
    value('--client-config', 'FILE', 'set: properties for the client', { own: true, type: 'file' }),
    DRY_RUN,
    OUTPUT,
    HELP,
    VERSION,
  ],
  examples: [
    {
      what: 'a cluster with its usual topic',
      line: 'kts profile set test --bootstrap-server test:9092 --topic orders',
    },
    { what: 'work with it from now on', line: 'kts profile use test' },
    { what: 'what there is', line: 'kts profile list' },
    { what: 'without its topic again', line: "kts profile set test --topic ''" },
  ],
});
