/**
 * AlterConfigs and IncrementalAlterConfigs. The controller decides; but whether a broker config fits this broker only
 * this broker can tell, so those are checked here, and what fails is not passed on. Log levels are this broker's affair
 * alone.
 */
import { usableConfigs } from '../../config/config-layers.ts';
import type { ConfigRules } from '../../config/config-rules.ts';
import { ConfigResourceType, configsOf } from '../../metadata/image.ts';
import { type ApiRow, apiRow, type RequestContext } from '../../network/handler.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import { encodeRequestFrame } from '../../protocol/frames.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import { alterConfigsRequest, alterConfigsResponse } from '../../protocol/messages/alter-configs.ts';
import {
  incrementalAlterConfigsRequest,
  incrementalAlterConfigsResponse,
} from '../../protocol/messages/incremental-alter-configs.ts';
import type { Decoded, Encodable, Message } from '../../protocol/schema.ts';
import type { BrokerServices } from '../services.ts';
import { alterLoggers } from './broker-loggers.ts';
import { checkBrokerName, dynamicBrokerConfigs } from './describe-configs.ts';

const FRAME_SIZE_BYTES = 4;
const SET = 0;
const DELETE = 1;
const APPEND = 2;
const SUBTRACT = 3;

interface Change {
  readonly name: string;
  readonly value: string | null;
  /** Absent in AlterConfigs, which replaces everything. */
  readonly configOperation?: number;
}

interface Resource {
  readonly resourceType: number;
  readonly resourceName: string;
  readonly configs: readonly Change[];
}

interface ConfigsApi<Req extends Message, Res extends Message> {
  readonly name: string;
  readonly maxVersion: number;
  readonly request: Req;
  readonly response: Res;
}

interface AlterRequest {
  readonly resources: readonly Resource[];
  readonly validateOnly: boolean;
}

type AlterResponse = Encodable<typeof alterConfigsResponse>;
type ResourceAnswer = AlterResponse['responses'][number];

export function alterConfigsRows(services: BrokerServices, rules: ConfigRules): ApiRow[] {
  return [
    alterRow(services, rules, {
      name: 'AlterConfigs',
      maxVersion: 2,
      request: alterConfigsRequest,
      response: alterConfigsResponse,
    }),
    alterRow(services, rules, {
      name: 'IncrementalAlterConfigs',
      maxVersion: 1,
      request: incrementalAlterConfigsRequest,
      response: incrementalAlterConfigsResponse,
    }),
  ];
}

function alterRow<Req extends Message, Res extends Message>(
  services: BrokerServices,
  rules: ConfigRules,
  api: ConfigsApi<Req, Res>,
): ApiRow {
  return apiRow<Req, Res>({
    apiKey: api.request.apiKey,
    name: api.name,
    request: api.request,
    response: api.response,
    minVersion: 0,
    maxVersion: api.maxVersion,
    ordering: 'serial',
    // The two APIs differ in one field of a change and have one shape of answer.
    handle: (request: Decoded<Req>, context: RequestContext) =>
      alter(services, rules, api, request as AlterRequest, context) as Promise<Encodable<Res>>,
    errorResponse: (request: Decoded<Req>, code, message) =>
      ({
        throttleTimeMs: 0,
        responses: (request as AlterRequest).resources.map((resource) => resourceAnswer(resource, code, message)),
      }) as Encodable<Res>,
  });
}

async function alter<Req extends Message, Res extends Message>(
  services: BrokerServices,
  rules: ConfigRules,
  api: ConfigsApi<Req, Res>,
  request: AlterRequest,
  context: RequestContext,
): Promise<AlterResponse> {
  const answered = new Map<Resource, ResourceAnswer>();
  for (const resource of request.resources) {
    try {
      if (resource.resourceType === ConfigResourceType.BROKER_LOGGER) {
        alterLoggersHere(services, resource, request.validateOnly);
        answered.set(resource, resourceAnswer(resource, ErrorCode.NONE, null));
      } else checkHere(services, rules, resource);
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
      answered.set(resource, resourceAnswer(resource, error.code, error.message));
    }
  }
  const passed = request.resources.filter((resource) => !answered.has(resource));
  if (passed.length === 0) return { throttleTimeMs: 0, responses: [...answered.values()] };
  const onward = answered.size === 0 ? context : reduced(api.request, { ...request, resources: passed }, context);
  const answer = (await services.controller.forward(onward, api.response)) as AlterResponse;
  return { ...answer, responses: [...answered.values(), ...answer.responses] };
}

/** The context of the same client with another request. Field by field: what a context is made of is its own affair. */
function reduced(message: Message, request: AlterRequest, context: RequestContext): RequestContext {
  const { apiKey, apiVersion, correlationId, clientId } = context;
  const frame = encodeRequestFrame(message, apiVersion, { correlationId, clientId }, request);
  return {
    apiKey,
    apiVersion,
    correlationId,
    clientId,
    connectionId: context.connectionId,
    listenerName: context.listenerName,
    clientAddress: context.clientAddress,
    principal: context.principal,
    clientSoftwareName: context.clientSoftwareName,
    clientSoftwareVersion: context.clientSoftwareVersion,
    frame: frame.subarray(FRAME_SIZE_BYTES),
    onConnectionClosed: (run) => context.onConnectionClosed(run),
  };
}

function alterLoggersHere(services: BrokerServices, { resourceName, configs }: Resource, validateOnly: boolean): void {
  checkBrokerName(services.nodeId, resourceName);
  alterLoggers(services.logger, configs, validateOnly);
}

function checkHere(services: BrokerServices, rules: ConfigRules, resource: Resource): void {
  const { resourceType, resourceName, configs } = resource;
  if (resourceType !== ConfigResourceType.BROKER) return;
  if (resourceName !== '') checkBrokerName(services.nodeId, resourceName);
  const before = configsOf(services.image(), ConfigResourceType.BROKER, resourceName);
  const incremental = configs.some((change) => change.configOperation !== undefined);
  const after = changed(incremental ? before : new Map(), configs);
  rules.checkBroker(after, resourceName !== '');
  const dynamic = dynamicBrokerConfigs(services.image(), services.nodeId);
  const layer = resourceName === '' ? { cluster: usableConfigs(after) } : { node: usableConfigs(after) };
  rules.checkReconfiguration(dynamic, { ...dynamic, ...layer });
}

function changed(before: ReadonlyMap<string, string>, changes: readonly Change[]): Map<string, string> {
  const after = new Map(before);
  for (const { name, value, configOperation = SET } of changes) {
    const entries = (after.get(name) ?? '').split(',').filter((entry) => entry !== '');
    const given = (value ?? '').split(',').filter((entry) => entry !== '');
    if (configOperation === DELETE || value === null) after.delete(name);
    else if (configOperation === APPEND) after.set(name, [...new Set([...entries, ...given])].join(','));
    else if (configOperation === SUBTRACT) after.set(name, entries.filter((entry) => !given.includes(entry)).join(','));
    else after.set(name, value);
  }
  return after;
}

function resourceAnswer(resource: Resource, errorCode: number, errorMessage: string | null): ResourceAnswer {
  const { resourceType, resourceName } = resource;
  return { errorCode, errorMessage, resourceType, resourceName };
}
