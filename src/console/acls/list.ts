/** `acls --list`: what is asked, and Kafka's lines for it. */
import { type Acl, describeAcls } from '../../client/admin-acls.ts';
import type { AdminClient } from '../admin-client.ts';
import type { ParsedOptions } from '../parser/parsed-options.ts';
import { byResource, entriesText, principalsOf, type Rules, resourcesOf, resourceText } from './acl-words.ts';

export interface ListedRules {
  /** By the principal whose rules were asked for; undefined: of all. */
  readonly principal: string | undefined;
  readonly rules: readonly Rules[];
}

export async function listRules(
  { cluster }: AdminClient,
  options: ParsedOptions,
  word: string | undefined,
): Promise<ListedRules[]> {
  const resources = resourcesOf(options, word);
  const principals = principalsOf(options, 'principal');
  const acls: Acl[] = [];
  if (resources.length === 0) acls.push(...(await describeAcls(cluster)));
  for (const resource of resources) acls.push(...(await describeAcls(cluster, { resource })));
  if (principals.length === 0) return [{ principal: undefined, rules: byResource(acls) }];
  return principals.map((principal) => {
    const theirs = acls.filter(({ entry }) => entry.principal === principal);
    return { principal, rules: byResource(theirs) };
  });
}

export function listText(listed: readonly ListedRules[]): string {
  let text = '';
  for (const { principal, rules } of listed) {
    if (principal !== undefined) text += `ACLs for principal \`${principal}\`\n`;
    for (const { resource, entries } of rules) {
      text += `Current ACLs for resource \`${resourceText(resource)}\`:\n${entriesText(entries)}\n\n`;
    }
  }
  return text;
}
