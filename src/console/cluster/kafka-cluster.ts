/** cluster-id, list-endpoints and unregister: what kafka-cluster.sh does, asked of brokers or of controllers. */
import type { ClusterView } from '../../client/cluster-view.ts';
import { toKafkaError } from '../../client/error-text.ts';
import { addressText } from '../../network/address.ts';
import { api } from '../../network/api.ts';
import {
  type DescribeClusterResponse,
  describeClusterRequest,
  describeClusterResponse,
} from '../../protocol/messages/describe-cluster.ts';
import { unregisterBrokerRequest, unregisterBrokerResponse } from '../../protocol/messages/unregister-broker.ts';
import type { CommandContext } from '../command.ts';
import { usageError } from '../command-error.ts';
import { bootstrapOf, checkProperties, clientProperties, connect } from '../connect.ts';
import type { ParsedOptions } from '../parser/parsed-options.ts';
import type { Shown } from '../show/shown.ts';

const DESCRIBE_CLUSTER = api(describeClusterRequest, describeClusterResponse);
const UNREGISTER = api(unregisterBrokerRequest, unregisterBrokerResponse);
const BROKERS = 1;
const CONTROLLERS = 2;
const UNREACHED_DEPRECATION =
  'Option --config has been deprecated and will be removed in a future version. Use --command-config instead.';

/** A connection to the cluster, by its brokers or its controllers. */
interface Asked {
  readonly cluster: ClusterView;
  readonly endpointType: typeof BROKERS | typeof CONTROLLERS;
}

function configFile(context: CommandContext, options: ParsedOptions): string | undefined {
  const old = options.value('config');
  const file = options.value('command-config');
  if (old !== undefined && file !== undefined) {
    throw usageError('--config and --command-config cannot be specified together.', 'give --command-config alone');
  }
  if (old !== undefined) {
    if (context.manner === 'strict') context.output.out(`${UNREACHED_DEPRECATION}\n`);
    else context.output.err('kts: --config is called --command-config now\n');
  }
  return file ?? old;
}

async function open(context: CommandContext, options: ParsedOptions): Promise<Asked> {
  const file = configFile(context, options);
  const controllers = options.value('bootstrap-controller');
  const bootstrap = controllers ?? bootstrapOf(context, options, '--bootstrap-server must be specified');
  const checked = await checkProperties(context, 'admin', await clientProperties(context, file));
  const cluster = connect(context, { bootstrap, clientId: 'adminclient-1', checked });
  return { cluster, endpointType: controllers === undefined ? BROKERS : CONTROLLERS };
}

async function describe({ cluster, endpointType }: Asked, includeFenced = false): Promise<DescribeClusterResponse> {
  const response = await cluster.call(
    DESCRIBE_CLUSTER,
    {
      includeClusterAuthorizedOperations: false,
      ...(endpointType === BROKERS ? {} : { endpointType }),
      ...(includeFenced ? { includeFencedBrokers: true } : {}),
    },
    { doing: 'listNodes' },
  );
  if (response.errorCode !== 0) throw toKafkaError(response.errorCode, response.errorMessage);
  return response;
}

async function within<T>(
  context: CommandContext,
  options: ParsedOptions,
  use: (asked: Asked) => Promise<T>,
): Promise<T> {
  const asked = await open(context, options);
  try {
    return await use(asked);
  } finally {
    asked.cluster.close();
  }
}

export interface ClusterAnswer {
  readonly lines: readonly string[];
  readonly shown: Shown;
}

export function clusterId(context: CommandContext, options: ParsedOptions): Promise<ClusterAnswer> {
  return within(context, options, async (asked) => {
    const { clusterId } = await describe(asked);
    return { lines: [`Cluster ID: ${clusterId}`], shown: { data: { clusterId }, sheets: [] } };
  });
}

function columnsText(rows: readonly (readonly string[])[], widths: readonly number[]): string[] {
  return rows.map((row) => `${row.map((cell, at) => cell.padEnd(widths[at] as number)).join(' ')}`);
}

function widest(words: readonly string[], none: number): number {
  return words.length === 0 ? none : Math.max(...words.map((word) => word.length));
}

export function listEndpoints(context: CommandContext, options: ParsedOptions): Promise<ClusterAnswer> {
  const includeFenced = options.has('include-fenced-brokers');
  if (includeFenced && options.has('bootstrap-controller')) {
    const text = 'The option --include-fenced-brokers is only supported with --bootstrap-server option';
    throw usageError(text, 'leave one of them out');
  }
  return within(context, options, async (asked) => {
    const isBrokers = asked.endpointType === BROKERS;
    const { brokers } = await describe(asked, includeFenced);
    const nodes = [...brokers].sort((a, b) => a.brokerId - b.brokerId);
    const widths = [
      10,
      widest(
        nodes.map(({ host }) => host),
        100,
      ),
      10,
      widest(
        nodes.flatMap(({ rack }) => rack ?? []),
        10,
      ),
      ...(isBrokers ? [10] : []),
      15,
    ];
    const type = isBrokers ? 'broker' : 'controller';
    const state = (isFenced: boolean) => (isBrokers ? [isFenced ? 'fenced' : 'unfenced'] : []);
    const head = ['ID', 'HOST', 'PORT', 'RACK', ...(isBrokers ? ['STATE'] : []), 'ENDPOINT_TYPE'];
    const rows = nodes.map(({ brokerId, host, port, rack, isFenced }) => {
      return [String(brokerId), host, String(port), String(rack), ...state(isFenced), type];
    });
    const data = nodes.map(({ brokerId: id, host, port, rack, isFenced }) => {
      return { id, host, port, rack, type, ...(isBrokers ? { isFenced } : {}) };
    });
    const columns = head.map((word) => ({ head: word.replace('_', ' '), key: word.toLowerCase() }));
    return { lines: columnsText([head, ...rows], widths), shown: { data, sheets: [{ columns, rows }] } };
  });
}

/** A controller that does not lead refuses; the one that does is asked for first. */
async function activeController(context: CommandContext, { cluster }: Asked, response: DescribeClusterResponse) {
  const active = response.brokers.find(({ brokerId }) => brokerId === response.controllerId);
  if (active === undefined) return undefined;
  const { settings } = cluster;
  return connect(context, { bootstrap: addressText(active), clientId: settings.clientId, settings });
}

export function unregister(context: CommandContext, options: ParsedOptions): Promise<ClusterAnswer> {
  const brokerId = options.integer('id') as number;
  return within(context, options, async (asked) => {
    const shown: Shown = { data: { unregistered: brokerId }, sheets: [] };
    if (options.has('dry-run')) return { lines: [`Would unregister broker ${brokerId}.`], shown };
    const controller =
      asked.endpointType === CONTROLLERS ? await activeController(context, asked, await describe(asked)) : undefined;
    try {
      const response = await (controller ?? asked.cluster).call(
        UNREGISTER,
        { brokerId },
        { doing: 'unregisterBroker' },
      );
      if (response.errorCode !== 0) throw toKafkaError(response.errorCode, response.errorMessage);
    } finally {
      controller?.close();
    }
    return { lines: [`Broker ${brokerId} is no longer registered.`], shown };
  });
}
