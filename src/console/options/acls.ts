/** `acls`: the options of kafka-acls.sh. */
import { BROKERS, CONTROLLERS, DRY_RUN, flag, HELP, maybe, OUTPUT, tool, VERSION, value, WATCH } from './table.ts';

export const aclsTable = tool({
  name: 'acls',
  parser: 'joptsimple',
  summary: 'list, add and remove the rules of who may do what',
  word: { name: 'TOPIC', help: 'the same as --topic' },
  options: [
    flag('--list', 'print the rules, of the resources that are named, else all'),
    flag('--add', 'add rules'),
    flag('--remove', 'remove rules; asks first'),
    flag('--force', 'remove without asking'),
    value('--allow-principal', 'TYPE:NAME', 'who may, such as User:alice; User:* is everybody', { many: true }),
    value('--allow-host', 'HOST', 'from where they may (default: anywhere)', { many: true }),
    value('--deny-principal', 'TYPE:NAME', 'who may not, whatever else is allowed', { many: true }),
    value('--deny-host', 'HOST', 'from where they may not (default: from anywhere)', { many: true }),
    maybe('--principal', 'TYPE:NAME', 'list the rules of this one only', { many: true }),
    value('--operation', 'NAME', 'Read, Write, Create, Delete, Alter, Describe, DescribeConfigs, AlterConfigs …', {
      default: 'All',
      many: true,
    }),
    flag('--producer', 'what a producer needs: Write, Describe and Create on the topic'),
    flag('--consumer', 'what a consumer needs: Read and Describe on the topic, Read on the group'),
    flag('--idempotent', 'with --producer: IdempotentWrite on the cluster'),
    value('--topic', 'NAME', 'a topic; * is every one', { many: true }),
    value('--group', 'GROUP', 'a consumer group; * is every one', { many: true }),
    flag('--cluster', 'the cluster itself'),
    value('--transactional-id', 'ID', 'a transactional id; * is every one', { many: true }),
    value('--delegation-token', 'ID', 'a delegation token; * is every one', { many: true }),
    value('--user-principal', 'TYPE:NAME', 'a user whose tokens others may make or see', { many: true }),
    value(
      '--resource-pattern-type',
      'TYPE',
      'literal or prefixed; with --list and --remove also any, or match: all that apply to the name',
      { default: 'LITERAL' },
    ),
    OUTPUT,
    WATCH,
    DRY_RUN,
    BROKERS,
    CONTROLLERS,
    maybe('--command-config', 'FILE', 'properties for the client', { type: 'file' }),
    HELP,
    VERSION,
  ],
  examples: [
    { what: 'who may do what', line: 'kts acls --list' },
    {
      what: 'all that alice needs to write',
      line: 'kts acls --add --allow-principal User:alice --producer --topic orders',
    },
    {
      what: 'all that bob needs to read',
      line: 'kts acls --add --allow-principal User:bob --consumer --topic orders --group billing',
    },
    {
      what: 'take that back',
      line: 'kts acls --remove --allow-principal User:bob --consumer --topic orders --group billing',
    },
  ],
});
