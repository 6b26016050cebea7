import { strict as assert } from 'node:assert';
import { LbError } from '@openyurt/nodepool-types';
import { decodeList, decodeWatchEvent } from '../../../edge-speaker/src/kube/decode-answer.ts';

const url = 'http://hub/api/v1/services';
const JSON_TYPE = 'application/json';

const lists: { name: string; type?: string; text: string; want: string | RegExp }[] = [
  { name: 'a list', text: '{"metadata":{"resourceVersion":"7"},"items":[{"metadata":{"name":"a"}}]}', want: 'a @7' },
  { name: 'with a charset', type: 'application/json; charset=utf-8', text: '{"metadata":{},"items":[]}', want: ' @-' },
  { name: 'without a type', type: '', text: '{"metadata":{},"items":[]}', want: ' @-' },
  { name: 'Go has null for no items', text: '{"metadata":{"resourceVersion":"7"},"items":null}', want: ' @7' },
  { name: 'version 0 is none', text: '{"metadata":{"resourceVersion":"0"},"items":[]}', want: ' @-' },
  { name: 'a version that is no number is none', text: '{"metadata":{"resourceVersion":"x"},"items":[]}', want: ' @-' },
  { name: 'a page of a portal', type: 'text/html', text: '<html>', want: /text\/html instead of JSON/ },
  { name: 'protobuf', type: 'application/vnd.kubernetes.protobuf', text: 'k8s', want: /protobuf instead of JSON/ },
  { name: 'truncated', text: '{"metadata":{"resourceVersion":"7"},"items":[', want: /the JSON is not whole/ },
  { name: 'nothing', text: '', want: /the JSON is not whole/ },
  { name: 'a Status', text: '{"kind":"Status","metadata":{}}', want: /no list/ },
  { name: 'a Table', text: '{"kind":"Table","metadata":{},"rows":[]}', want: /no list/ },
  { name: 'items that are no list', text: '{"metadata":{},"items":{}}', want: /no name/ },
  { name: 'an item without a name', text: '{"metadata":{},"items":[{"metadata":{}}]}', want: /no name/ },
  { name: 'an item that is null', text: '{"metadata":{},"items":[null]}', want: /no name/ },
  { name: 'a page of a list', text: '{"metadata":{"continue":"x"},"items":[]}', want: /a part of a list/ },
];

describe('list answers', () => {
  for (const { name, type = JSON_TYPE, text, want } of lists) {
    it(name, () => {
      if (typeof want !== 'string') {
        assert.throws(
          () => decodeList({ url, type, text }),
          (error) => error instanceof LbError && error.code === 'LB_API_REFUSED' && want.test(error.message),
        );
        return;
      }
      const { items, resourceVersion = '-' } = decodeList({ url, type, text });
      assert.equal(`${items.map(({ metadata }) => metadata.name)} @${resourceVersion}`, want);
    });
  }
});

const lines: { name: string; line: string; want: string | undefined }[] = [
  { name: 'an event', line: '{"type":"ADDED","object":{"metadata":{"name":"a"}}}', want: 'ADDED' },
  { name: 'a bookmark', line: '{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"9"}}}', want: 'BOOKMARK' },
  { name: 'an error', line: '{"type":"ERROR","object":{"code":410,"message":"too old"}}', want: 'ERROR 410 too old' },
  { name: 'an error without a code', line: '{"type":"ERROR","object":{}}', want: 'ERROR 500 ' },
  { name: 'half a line', line: '{"type":"ADDED","object":{"meta', want: undefined },
  { name: 'an object without a name', line: '{"type":"DELETED","object":{"metadata":{}}}', want: undefined },
  { name: 'an unknown type', line: '{"type":"SYNC","object":{"metadata":{"name":"a"}}}', want: undefined },
  { name: 'null', line: 'null', want: undefined },
];

describe('lines of a watch', () => {
  for (const { name, line, want } of lines) {
    it(name, () => {
      const event = decodeWatchEvent(line);
      const text = event?.type === 'ERROR' ? `ERROR ${event.code} ${event.message}` : event?.type;
      assert.equal(text, want);
    });
  }
});
