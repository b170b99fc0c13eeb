/** Recorded runs that come out differently, or are not played among the others, each with its reason. */

/** By run, or by file and run. */
export const ELSEWHERE: Readonly<Record<string, string>> = {
  'daemon-flag': "the script around Kafka's class takes it, and so do we: test/console/shims.test.ts",
  'topics-closed-pipe': 'ends quietly with 141, as the shell has it: test/bin/closed-pipes.test.ts',
  'acls-remove-tty': 'the question, and what an answer does: test/console/acls/acls.test.ts',
  'acls-remove-tty-yes': 'the question, and what an answer does: test/console/acls/acls.test.ts',
  'consumer-closed-pipe': 'ends quietly with 141, as the shell has it: test/bin/closed-pipes.test.ts',
};

/** Played, and bound to differ: one that does not any more has to leave this list. */
export const DIFFERENT: Readonly<Record<string, string>> = {
  'legacy-zookeeper': "Kafka's line, and a hint behind it: the whole command to type today",
  'legacy-authorizer-properties': "Kafka's line, and a hint behind it: the whole command to type today",
  'legacy-broker-list': 'still works, with one hint on stderr',
  'legacy-new-consumer': 'still works, with one hint on stderr',
  'command-config-ssl-to-plaintext': 'TLS is refused at once, by its name, instead of timing out',
  'offsets-formatter': 'fewer commits: what is committed already is not committed again',
  'group-metadata-formatter': 'whose groups these are is a matter of the run; the form is the same',
  'reset-from-file-bad': 'a line that is none is called so; as in Kafka on stdout, with 0',
  'reset-from-file-with-group-column': 'goes on as Kafka does, without an exception on stderr',
  'storage unknown-command': 'one line, not wrapped, no guess',
  'storage format-standalone-and-initial': 'one line, not wrapped at 80 columns',
  'server-start no-args': 'usage in our own words',
  'server-start help': 'usage in our own words',
  'server-start option-first': 'the file may stand behind the options',
  'server-start cluster-ids-differ': 'which of two directories is called wrong is a matter of their order',
  'server-start port-in-use': 'one error that names the address, instead of three of which the last does not',
  'configs describe-broker-all':
    "every broker has its own file's values: test/commands/configs.test.ts compares the rest",
  'unreachable console-consumer':
    'gives up after ten seconds with 1, where Kafka goes on in silence until it is stopped',
};

/** Played, and now so, now so. */
export const EITHER: Readonly<Record<string, string>> = {
  'describe-timeout-1ms': 'answered within the millisecond, or in the same words',
};
