/**
 * Of the page in the frame: opens a window to log in, and takes the code from that window only, only from a page of the same origin; then
 * goes to the host of the preview with it.
 */
export const embedScript = `
(()=>{
const button=document.getElementById('open'),said=document.getElementById('said');
let opened;
button.addEventListener('click',()=>{
opened=window.open(button.dataset.login,'_blank','popup,width=520,height=720');
said.textContent=opened?'Log in in the window that has opened.':'Your browser did not let the window open. Allow it, then try again.'});
window.addEventListener('message',event=>{
if(!opened||event.source!==opened||event.origin!==location.origin||typeof event.data!=='string'||!/^[A-Za-z0-9_-]{43}$/.test(event.data))return;
opened.close();
location.replace(button.dataset.host+event.data)})
})()
`.trim();

/** Of the page in the window: hands the code to the page that opened it, if that is of the same origin. */
export const handBackScript = `
(()=>{
if(!window.opener)return;
window.opener.postMessage(document.getElementById('done').dataset.code,location.origin);
window.close()
})()
`.trim();
