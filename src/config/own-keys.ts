/** Keys of kts's own, beside Kafka's. DescribeConfigs does not show them: tools compare what it shows with Kafka's. */
import { type ConfigKeys, configKeys, key } from './config-key.ts';

/**
 * A node whose connections end and whose listener then refuses a new one is gone: it is fenced, or another leader is
 * elected, at once. Off, only the session and fetch timeouts tell, as in Kafka.
 */
export const FAST_FAILURE_DETECTION = 'kts.fast.failure.detection';

export const OWN_BROKER_KEYS: ConfigKeys = configKeys([
  key(FAST_FAILURE_DETECTION, 'BOOLEAN', 'true', 'MEDIUM', { effect: true, internal: true }),
]);
