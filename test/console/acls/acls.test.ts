/** Rules as words mean them, and what is done with them, against rules that a small authorizer in memory keeps. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { ClusterView } from '../../../src/client/cluster-view.ts';
import { entryText, resourceText, rulesOf, rulesToAdd } from '../../../src/console/acls/acl-words.ts';
import { addedText, addRules, removeRules } from '../../../src/console/acls/change.ts';
import { checkAclsOptions } from '../../../src/console/acls/check-options.ts';
import { listRules, listText } from '../../../src/console/acls/list.ts';
import type { AdminClient } from '../../../src/console/admin-client.ts';
import type { CommandContext } from '../../../src/console/command.ts';
import { aclsTable } from '../../../src/console/options/acls.ts';
import { parseJoptsimple } from '../../../src/console/parser/joptsimple.ts';
import type { ParsedOptions } from '../../../src/console/parser/parsed-options.ts';
import { ErrorCode } from '../../../src/protocol/error-codes.ts';
import { KafkaError } from '../../../src/protocol/kafka-error.ts';
import type { CreateAclsRequest } from '../../../src/protocol/messages/create-acls.ts';
import type { DescribeAclsRequest } from '../../../src/protocol/messages/describe-acls.ts';

const options = (line: string): ParsedOptions => parseJoptsimple(aclsTable.options, line.split(' '));
const texts = (line: string) =>
  rulesToAdd(options(line), undefined).flatMap(({ resource, entries }) =>
    entries.map(({ principal, host, operation, permission }) =>
      [resource.type, resource.name, principal, host, operation, permission].join(' '),
    ),
  );

type Kept = CreateAclsRequest['creations'][number];

const outcomeOf = (error: KafkaError | undefined) => ({
  errorCode: error?.code ?? 0,
  errorMessage: error?.message ?? null,
});

/** As the wire has them; a name is matched exactly. */
class Rules {
  kept: Kept[] = [];
  refuse: KafkaError | undefined;
  /** Whose rules are refused; everybody's when nobody is named. */
  refusedPrincipal: string | undefined;

  readonly client = { cluster: this as unknown as ClusterView, ofControllers: false } satisfies AdminClient;

  #hit(filter: DescribeAclsRequest): Kept[] {
    const fits = (wanted: number, is: number) => wanted === 1 || wanted === is;
    return this.kept.filter(
      (acl) =>
        fits(filter.resourceTypeFilter, acl.resourceType) &&
        fits(filter.patternTypeFilter, acl.resourcePatternType) &&
        fits(filter.operation, acl.operation) &&
        fits(filter.permissionType, acl.permissionType) &&
        (filter.resourceNameFilter ?? acl.resourceName) === acl.resourceName &&
        (filter.principalFilter ?? acl.principal) === acl.principal &&
        (filter.hostFilter ?? acl.host) === acl.host,
    );
  }

  async call(api: { readonly request: { readonly apiKey: number } }, value: never): Promise<unknown> {
    if (api.request.apiKey === 29) {
      const resources = this.#hit(value).map((acl) => ({ ...acl, patternType: acl.resourcePatternType, acls: [acl] }));
      return { errorCode: 0, resources };
    }
    if (api.request.apiKey === 30) {
      const { creations } = value as CreateAclsRequest;
      const refusalOf = ({ principal }: Kept) =>
        principal === (this.refusedPrincipal ?? principal) ? this.refuse : undefined;
      this.kept.push(...creations.filter((acl) => refusalOf(acl) === undefined));
      return { results: creations.map((acl) => outcomeOf(refusalOf(acl))) };
    }
    const { filters } = value as { filters: DescribeAclsRequest[] };
    const filterResults = filters.map((filter) => {
      const isRefused = this.refusedPrincipal !== undefined && filter.principalFilter === this.refusedPrincipal;
      const hit = isRefused ? [] : this.#hit(filter);
      this.kept = this.kept.filter((acl) => !hit.includes(acl));
      return {
        ...outcomeOf(isRefused ? this.refuse : undefined),
        matchingAcls: hit.map((acl) => ({ ...acl, patternType: acl.resourcePatternType, errorCode: 0 })),
      };
    });
    return { filterResults };
  }
}

let rules: Rules;
const add = (line: string, dryRun = false) =>
  addRules(rules.client, rulesToAdd(options(`--add ${line}`), undefined), { dryRun });

beforeEach(() => {
  rules = new Rules();
});

describe('what is to be added', () => {
  it('is every principal with every operation and host, each once', () => {
    expect(
      texts(
        '--allow-principal User:a --allow-principal User:a --allow-host 1.1.1.1 --allow-host 2.2.2.2 ' +
          '--deny-principal User:b --operation read --operation Write --topic t',
      ),
    ).toEqual([
      'TOPIC t User:a 1.1.1.1 READ ALLOW',
      'TOPIC t User:a 2.2.2.2 READ ALLOW',
      'TOPIC t User:a 1.1.1.1 WRITE ALLOW',
      'TOPIC t User:a 2.2.2.2 WRITE ALLOW',
      'TOPIC t User:b * READ DENY',
      'TOPIC t User:b * WRITE DENY',
    ]);
  });

  it('is what a role needs', () => {
    const principal = '--allow-principal User:a';
    expect(texts(`${principal} --producer --idempotent --topic t --transactional-id x`)).toEqual([
      ...['DESCRIBE', 'WRITE', 'CREATE'].map((operation) => `TOPIC t User:a * ${operation} ALLOW`),
      ...['WRITE', 'DESCRIBE'].map((operation) => `TRANSACTIONAL_ID x User:a * ${operation} ALLOW`),
      'CLUSTER kafka-cluster User:a * IDEMPOTENT_WRITE ALLOW',
    ]);
    expect(texts(`${principal} --consumer --topic t --group g --resource-pattern-type prefixed`)).toEqual([
      ...['DESCRIBE', 'READ'].map((operation) => `TOPIC t User:a * ${operation} ALLOW`),
      'GROUP g User:a * READ ALLOW',
    ]);
    // The cluster has no prefix.
    const prefixed = `${principal} --producer --idempotent --topic t --resource-pattern-type prefixed`;
    expect(texts(prefixed)).toContain('CLUSTER kafka-cluster User:a * IDEMPOTENT_WRITE ALLOW');
  });

  it.each([
    ['--operation Read --topic t', 'for whom?'],
    ['--allow-principal User:a --operation Read', 'on what?'],
    ['--allow-principal User:a --operation Read --topic t --resource-pattern-type match', "'match' is for"],
    ['--allow-principal User:a --operation Read --topic t --resource-pattern-type fuzzy', "no pattern type 'fuzzy'"],
    ['--allow-principal User:a --operation Write --group g', 'Write cannot be done to a group'],
    ['--allow-principal User:a --operation alter_configs --topic t', 'alter_configs cannot be done to a topic'],
    ['--allow-principal a --topic t', "'a' is no principal"],
    ['--allow-principal User:a --operation Any --topic t', "'Any' is for filters only"],
  ])('%s is refused', (line, message) => {
    expect(() => texts(line)).toThrow(message);
  });

  it('guesses an operation', () => {
    expect(() => texts('--allow-principal User:a --operation AlterConfig --topic t')).toThrow(
      expect.objectContaining({ hint: 'did you mean AlterConfigs?' }),
    );
  });
});

describe('--add', () => {
  it('leaves out what is there already', async () => {
    await add('--allow-principal User:a --operation Read --topic t');
    const result = await add('--allow-principal User:a --operation Read --operation Write --topic t');
    expect(rules.kept).toHaveLength(2);
    expect(addedText(result.steps)).toBe(
      'Acl (pattern=ResourcePattern(resourceType=TOPIC, name=t, patternType=LITERAL), ' +
        'entry=(principal=User:a, host=*, operation=READ, permissionType=ALLOW)) already exists.\n' +
        'Adding ACLs for resource `ResourcePattern(resourceType=TOPIC, name=t, patternType=LITERAL)`: \n' +
        ' \t(principal=User:a, host=*, operation=WRITE, permissionType=ALLOW)\n\n',
    );
  });

  it('changes nothing in a dry run', async () => {
    const result = await add('--allow-principal User:a --topic t', true);
    expect(result.steps[0]?.entries.map(entryText)).toEqual([
      '(principal=User:a, host=*, operation=ALL, permissionType=ALLOW)',
    ]);
    expect(rules.kept).toEqual([]);
  });

  it('tells where it failed', async () => {
    rules.refuse = new KafkaError(ErrorCode.CLUSTER_AUTHORIZATION_FAILED, 'no');
    const { steps, begun, failure } = await add('--allow-principal User:a --topic t --topic u');
    expect(steps).toEqual([]);
    expect(begun?.resource.name).toBe('t');
    expect(failure).toMatchObject({ message: 'no' });
  });
});

describe('what is half done', () => {
  const both = '--allow-principal User:a --allow-principal User:b --operation Read --topic t';

  beforeEach(() => {
    rules.refuse = new KafkaError(ErrorCode.CLUSTER_AUTHORIZATION_FAILED, 'no');
    rules.refusedPrincipal = 'User:a';
  });

  it('is told when rules are added', async () => {
    const { steps, begun, failure } = await add(both);
    expect(failure).toMatchObject({ message: 'no' });
    expect(steps).toEqual([]);
    expect(begun?.entries).toHaveLength(2);
    expect(begun?.created.map(({ principal }) => principal)).toEqual(['User:b']);
  });

  it('is told when they are removed, also what went behind the refusal', async () => {
    await add('--allow-principal User:b --operation Read --topic t');
    const force = { dryRun: false, force: true };
    const context = { manner: 'own' } as unknown as CommandContext;
    const toRemove = rulesOf(options(`--remove ${both}`), undefined);
    const { removed, failure } = await removeRules(context, rules.client, toRemove, force);
    expect(failure).toMatchObject({ message: 'no' });
    expect(removed.map(({ entry }) => entry.principal)).toEqual(['User:b']);
  });
});

describe('the words of the own manner', () => {
  it.each([
    ['--remove --topic t --operation Read', 'whose? --operation goes with a principal'],
    ['--remove --topic t --producer', 'whose? --producer goes with a principal'],
    ['--remove --topic t --allow-host 1.2.3.4', '--allow-host goes with --allow-principal'],
    ['--add --topic t --allow-principal User:a --deny-host 1.2.3.4', '--deny-host goes with --deny-principal'],
    ['--add --cluster --topic t --allow-principal User:a --resource-pattern-type prefixed', '--cluster does not go'],
    ['--list --resource-pattern-type prefixed', '--resource-pattern-type goes with a resource'],
    ['--add --topic t --topic  --allow-principal User:a', 'the name is empty'],
    ['--add --topic t --allow-principal User:a --allow-host  --operation Read', 'the name is empty'],
    ['--remove t u', "'u' is one word too many"],
    ['--remove u --topic t', "'u' is one word too many"],
  ])('%s is refused: it would do more, or less, than it says', (line, message) => {
    const own = { manner: 'own' } as unknown as CommandContext;
    expect(() => checkAclsOptions(own, options(line))).toThrow(message);
    const strict = { manner: 'strict' } as unknown as CommandContext;
    expect(checkAclsOptions(strict, options(`${line} --bootstrap-server b:1`)).word).toBeUndefined();
  });

  it('may mean all rules of a resource', () => {
    const own = { manner: 'own' } as unknown as CommandContext;
    expect(checkAclsOptions(own, options('--remove t'))).toEqual({ action: 'remove', word: 't' });
  });
});

describe('--list and --remove', () => {
  const context = (answer: string | undefined, manner: 'own' | 'strict' = 'own') => {
    const printed = { out: '', err: '' };
    const bytes = Buffer.from(answer ?? '');
    const input = { isTerminal: answer !== undefined, read: (target: Buffer, at: number) => bytes.copy(target, at) };
    const isTerminal = answer !== undefined;
    const output = {
      out: (text: string) => {
        printed.out += text;
      },
      err: (text: string) => {
        printed.err += text;
      },
      flush: () => undefined,
      outIsTerminal: isTerminal,
      errIsTerminal: isTerminal,
    };
    return { printed, context: { manner, output, input: () => input } as unknown as CommandContext };
  };
  const remove = (line: string, given: ReturnType<typeof context>, force = false) =>
    removeRules(given.context, rules.client, rulesOf(options(`--remove ${line}`), undefined), { dryRun: false, force });

  beforeEach(async () => {
    await add('--allow-principal User:a --allow-principal User:b --operation Read --topic t --topic s');
    await add('--allow-principal User:a --operation Create --cluster');
  });

  it('lists in one order, whatever the brokers say first', async () => {
    rules.kept.reverse();
    const all = await listRules(rules.client, options('--list'), undefined);
    expect(all[0]?.rules.map(({ resource }) => `${resource.type} ${resource.name}`)).toEqual([
      'CLUSTER kafka-cluster',
      'TOPIC s',
      'TOPIC t',
    ]);
    const ofB = await listRules(rules.client, options('--list --principal User:b --topic t'), undefined);
    expect(listText(ofB)).toBe(
      'ACLs for principal `User:b`\n' +
        'Current ACLs for resource `ResourcePattern(resourceType=TOPIC, name=t, patternType=LITERAL)`:\n' +
        '\t(principal=User:b, host=*, operation=READ, permissionType=ALLOW)\n\n',
    );
  });

  it('removes what it is told to, all of a resource without a principal', async () => {
    const one = await remove('--allow-principal User:a --operation Read --topic t', context(undefined), true);
    expect(one.removed.map(({ resource, entry }) => `${resourceText(resource)} ${entry.principal}`)).toEqual([
      'ResourcePattern(resourceType=TOPIC, name=t, patternType=LITERAL) User:a',
    ]);
    expect((await remove('--topic s', context(undefined), true)).removed).toHaveLength(2);
    expect(rules.kept).toHaveLength(2);
  });

  it('asks first, and takes nothing but y for a yes', async () => {
    const no = context('n\n');
    expect((await remove('--topic s', no)).removed).toEqual([]);
    expect(no.printed.err).toContain('principal=User:b');
    expect(no.printed.err).toMatch(/\nremove these 2 rules\? \(y\/n\) $/);
    const yes = context('Y\n', 'strict');
    expect((await remove('--topic s', yes)).removed).toHaveLength(2);
    expect(yes.printed).toEqual({
      out: 'Are you sure you want to delete all ACLs for resource filter `ResourcePattern(resourceType=TOPIC, name=s, patternType=LITERAL)`? (y/n)\n',
      err: '',
    });
  });

  it('removes nothing where nobody can be asked', async () => {
    await expect(remove('--topic s', context(undefined))).rejects.toThrow('nobody can be asked');
    await expect(remove('--topic s', context(undefined, 'strict'))).rejects.toThrow('java.io.Console.readLine()');
    expect(rules.kept).toHaveLength(5);
  });
});
