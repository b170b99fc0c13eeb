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
      ['server-start [server.properties]', 'on localhost:9092; kts server-stop ends it'],
      ['storage format|info|random-uuid …', 'make directories ready, look at them'],
      ['cluster start|status|stop', 'several nodes on this machine'],
      ['ready --timeout 5s', 'wait until a broker answers'],
    ],
  },
  {
    title: 'Topics, records, groups',
    lines: [
      ['topics --create orders --partitions 3', 'also --list, --describe, --alter, --delete'],
      ['console-producer orders < FILE', 'one record per line'],
      ['console-consumer orders --from 10m', 'also --to, --grep, --from-beginning'],
      ['consumer-groups --describe [billing]', 'offsets and lag; also --reset-offsets …'],
    ],
  },
  {
    title: 'The cluster at work',
    lines: [
      ['configs --describe --topic orders', 'also --alter; kts acls: who may do what'],
      ['reassign-partitions --generate orders', 'then --execute, --verify; --list, --cancel'],
      ['leader-election --all-topic-partitions', 'preferred leaders lead again'],
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
