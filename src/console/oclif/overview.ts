/** The first page of help: what people come to do, and what they type for it. It fits a terminal of 24 lines. */

export interface OverviewGroup {
  readonly title: string;
  /** What is typed behind `kts`, and what it does. */
  readonly lines: readonly (readonly [string, string])[];
}

export const OVERVIEW: readonly OverviewGroup[] = [
  {
    title: 'Run a broker',
    lines: [
      ['server-start [server.properties]', 'on localhost:9092, or as the file says'],
      ['server-stop', 'a controlled shutdown'],
      ['storage format|info|random-uuid …', 'make directories ready, look at them'],
      ['cluster start|status|stop', 'several nodes on this machine'],
      ['ready --timeout 5s', 'wait until a broker answers'],
    ],
  },
  {
    title: 'Topics and records',
    lines: [
      ['topics --create orders --partitions 3', 'also --describe, --alter, --delete'],
      ['topics --list', 'what is there; --watch keeps looking'],
      ['console-producer orders < FILE', 'one record per line'],
      ['console-consumer orders --from 10m', 'also --to, --grep, --from-beginning'],
    ],
  },
  {
    title: 'Consumer groups',
    lines: [
      ['consumer-groups --describe [billing]', 'offsets and lag; also --list, --delete'],
      ['consumer-groups --reset-offsets …', 'read again, or pass over'],
    ],
  },
  {
    title: 'At home',
    lines: [
      ['profile set test --topic orders …', 'clusters and topics by name'],
      ['completion bash|zsh|fish', 'the Tab key for your shell'],
      ['shims DIRECTORY', 'kafka-topics.sh, zkServer.sh, zkCli.sh …'],
    ],
  },
];

export const CLOSING = `Each takes the options of Kafka's tool of that name; kts COMMAND --help lists them.
Exit codes: 0 fine, 1 failed, 2 usage, 3 not found, 4 refused, 5 unreachable, 6 partly.`;
