/** The public surface of the package: the embedded broker and the client; nothing else is promised. */
export { type Broker, type BrokerOptions, startBroker } from './broker.ts';
export {
  Client,
  type ClientSettings,
  type Consumer,
  type ConsumerRecord,
  type ConsumerSettings,
  connect,
  KafkaError,
  type ListedTopic,
  type NewTopic,
  type OffsetReset,
  type PartitionDescription,
  type Producer,
  type ProducerOptions,
  type ProducerRecord,
  type ProducerSettings,
  type RecordMetadata,
  type TopicDescription,
} from './client.ts';
