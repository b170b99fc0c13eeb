/** What a node without an authorizer answers to requests about ACLs, as recorded from Apache Kafka 4.3.1. */
import { describe, expect, it } from 'vitest';
import { createAclsRow, deleteAclsRow, describeAclsRow } from '../../src/network/acl-rows.ts';
import { type ApiRow, CLOSE_CONNECTION, type RequestContext } from '../../src/network/handler.ts';

const FILTER = {
  resourceTypeFilter: 1,
  resourceNameFilter: null,
  patternTypeFilter: 1,
  principalFilter: null,
  hostFilter: null,
  operation: 1,
  permissionType: 1,
};
const ACL = {
  resourceType: 2,
  resourceName: 't',
  resourcePatternType: 3,
  principal: 'User:a',
  host: '*',
  operation: 3,
  permissionType: 3,
};

const ask = (row: ApiRow, request: object): unknown => row.handle(request as never, {} as RequestContext);

describe('without an authorizer', () => {
  it('nothing is described', () => {
    expect(ask(describeAclsRow(), FILTER)).toEqual({
      throttleTimeMs: 0,
      errorCode: 54,
      errorMessage: 'No Authorizer is configured on the broker',
      resources: [],
    });
  });

  it('each change is refused by itself', () => {
    const refusal = { errorCode: 54, errorMessage: 'No Authorizer is configured.' };
    expect(ask(createAclsRow(), { creations: [ACL, ACL] })).toEqual({ throttleTimeMs: 0, results: [refusal, refusal] });
    expect(ask(createAclsRow(), { creations: [] })).toEqual({ throttleTimeMs: 0, results: [] });
    const filterResults = [{ ...refusal, matchingAcls: [] }];
    expect(ask(deleteAclsRow(), { filters: [FILTER] })).toEqual({ throttleTimeMs: 0, filterResults });
  });

  it('a broker passes changes on', () => {
    const passed = { throttleTimeMs: 0, results: [] };
    expect(
      ask(
        createAclsRow(() => passed),
        { creations: [ACL] },
      ),
    ).toBe(passed);
  });

  it.each(['resourceTypeFilter', 'patternTypeFilter', 'operation', 'permissionType'])(
    'a filter with an unknown %s ends the connection',
    (field) => {
      const filter = { ...FILTER, [field]: 0 };
      expect(ask(describeAclsRow(), filter)).toBe(CLOSE_CONNECTION);
      const passOn = () => expect.unreachable('it was passed on');
      expect(ask(deleteAclsRow(passOn), { filters: [FILTER, filter] })).toBe(CLOSE_CONNECTION);
    },
  );

  it.each(['resourceType', 'resourcePatternType', 'operation', 'permissionType'])(
    'an ACL with an unknown %s ends the connection',
    (field) => {
      expect(ask(createAclsRow(), { creations: [{ ...ACL, [field]: 0 }] })).toBe(CLOSE_CONNECTION);
    },
  );
});
