/** `storage`: the subcommands of kafka-storage.sh (argparse4j). */
import { DRY_RUN, flag, OUTPUT, tool, value } from './table.ts';

const HELP = flag('--help', 'print this page', { short: '-h' });
const CONFIG = value('--config', 'FILE', "the node's server.properties", { short: '-c', required: true, type: 'file' });
const RELEASE = value('--release-version', 'VERSION', 'feature levels of this release', { short: '-r' });

export const storageTable = tool({
  name: 'storage',
  parser: 'argparse4j',
  summary: 'format the directories of a node and look at them',
  options: [HELP],
  subcommands: [
    { name: 'info', summary: 'print what the directories hold', options: [HELP, CONFIG, OUTPUT], exclusive: [] },
    {
      name: 'format',
      summary: 'make the directories ready for a node',
      options: [
        HELP,
        CONFIG,
        value('--cluster-id', 'ID', 'the id of the cluster', { short: '-t', required: true }),
        value('--add-scram', 'SPEC', 'a SCRAM credential to start with', { short: '-S', many: true }),
        flag('--ignore-formatted', 'pass over what is formatted', { short: '-g' }),
        RELEASE,
        value('--feature', 'NAME=LEVEL', 'another level of a feature', { short: '-f', many: true }),
        flag('--standalone', 'a quorum of this one controller', { short: '-s' }),
        flag('--no-initial-controllers', 'a controller that joins a quorum', { short: '-N' }),
        value('--initial-controllers', 'LIST', 'the first voters: ID@HOST:PORT:DIRECTORY-ID,…', { short: '-I' }),
        DRY_RUN,
      ],
      exclusive: [
        { options: ['--standalone', '--no-initial-controllers', '--initial-controllers'], oneRequired: false },
      ],
    },
    {
      name: 'version-mapping',
      summary: 'print the feature levels of a release',
      options: [HELP, RELEASE, OUTPUT],
      exclusive: [],
    },
    {
      name: 'feature-dependencies',
      summary: 'print what a feature level needs',
      options: [
        HELP,
        value('--feature', 'NAME=LEVEL', 'the feature; may be repeated', { short: '-f', required: true, many: true }),
        OUTPUT,
      ],
      exclusive: [],
    },
    { name: 'random-uuid', summary: 'print a new cluster id', options: [HELP, OUTPUT], exclusive: [] },
  ],
  examples: [
    { what: 'a cluster id', line: 'kts storage random-uuid' },
    { what: 'one node, ready to start', line: 'kts storage format --standalone -t ID -c server.properties' },
    { what: 'what is there', line: 'kts storage info -c server.properties' },
  ],
});
