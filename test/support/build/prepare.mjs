// What `npm install` runs at its end: the native addon (explained where it can't be built) and the bundles.
import { bundle } from './bundle.mjs';
import { buildNative, explainRawSocket } from './native.mjs';

const native = buildNative();
if (!native.ok) console.error(native.explanation);
const lacking = explainRawSocket();
if (lacking !== undefined) console.error(lacking);
console.log(`built ${(await bundle()).join(', ')}`);
