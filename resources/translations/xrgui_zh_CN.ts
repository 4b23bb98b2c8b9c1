<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN" sourcelanguage="en">
  <context>
    <name>xrgui</name>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>A custom configuration has no other end that xrgui could know.</source>
      <translation>自定义配置没有 xrgui 能知道的另一端。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>A key is 32 bytes in base64, as `xrgui key` prints it.</source>
      <translation>密钥是 base64 编码的 32 个字节，即 `xrgui key` 输出的内容。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>A pin is the SHA-256 of a certificate: 64 hex digits.</source>
      <translation>指纹是证书的 SHA-256：64 位十六进制数字。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>A port is a number from 1 to 65535.</source>
      <translation>端口是 1 到 65535 之间的数字。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>A public port is a number from 1 to 65535, or empty.</source>
      <translation>公网端口是 1 到 65535 之间的数字，或留空。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>A secret lies in the keyring of another computer: enter it anew.</source>
      <translation>密钥保存在另一台电脑的密钥环中：请重新输入。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Add at least one computer that may share through this server.</source>
      <translation>请至少添加一台可以通过此服务器共享的电脑。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Add at least one service to share.</source>
      <translation>请至少添加一个要共享的服务。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Another one has the same id: each needs its own.</source>
      <translation>已有相同的 ID：每一个都需要自己的 ID。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Another one is called {name} too.</source>
      <translation>已有名为 {name} 的项目。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Another one uses the public port {port} too.</source>
      <translation>公网端口 {port} 已被另一项使用。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Another service has the same address ({endpoint}).</source>
      <translation>另一个服务使用了相同的地址（{endpoint}）。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Another service is called {name} too.</source>
      <translation>另一个服务也叫 {name}。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Current Xray has no classic reverse: choose VLESS reverse on both ends.</source>
      <translation>新版 Xray 没有经典反向代理：请在两端选择 VLESS 反向代理。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Current Xray only knows VLESS reverse: choose that dialect here too.</source>
      <translation>新版 Xray 只支持 VLESS 反向代理：请在这里也选择它。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Give it a name.</source>
      <translation>请起一个名称。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>If the certificate in {file} is self-signed, add its SHA-256 as the pin.</source>
      <translation>如果 {file} 中的证书是自签名的，请把它的 SHA-256 添加为指纹。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>It asked to start with the program; that was switched off.</source>
      <translation>它要求随程序启动；已关闭。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>No public port leads to it yet: until then it is turned away.</source>
      <translation>还没有公网端口通向它：在此之前会被拒绝。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Only a tunnel that shares from this computer has a server to put into a link.</source>
      <translation>只有从本机共享的隧道才有可写入链接的服务器。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Open at least one public port.</source>
      <translation>请至少开放一个公网端口。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Paste or write a configuration.</source>
      <translation>请粘贴或编写配置。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Put the certificate of {name} at {chain} and its key at {key}.</source>
      <translation>请把 {name} 的证书放在 {chain}，私钥放在 {key}。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Put the certificate that is pinned here at {chain} and its key at {key}.</source>
      <translation>请把此处固定的证书放在 {chain}，私钥放在 {key}。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Put the public address of this computer in place of {host}.</source>
      <translation>请用本机的公网地址替换 {host}。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Say what to share: a link only names the server.</source>
      <translation>请填写要共享什么：链接只包含服务器。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Say where it runs: this computer is 127.0.0.1.</source>
      <translation>请填写它在哪里运行：本机是 127.0.0.1。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Say which public server to use: its host name or IP address, or paste a link.</source>
      <translation>请填写公网服务器：主机名或 IP 地址，或粘贴链接。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Secrets were left out: put them where the text says so.</source>
      <translation>密钥已省略：请按文本提示填入。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>TLS needs a certificate: choose one, or have one made.</source>
      <translation>TLS 需要证书：请选择一个，或生成一个。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>The certificate has expired on {date}.</source>
      <translation>证书已于 {date} 过期。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>The certificate's private key is missing.</source>
      <translation>缺少证书的私钥。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>The classic dialect needs a tunnel domain, the same on both ends.</source>
      <translation>经典方式需要隧道域名，且两端相同。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>The link asks not to check the certificate, which xrgui does not do: pin it instead.</source>
      <translation>链接要求不检查证书，xrgui 不这样做：请改用固定指纹。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>The link cannot be read: {reason}.</source>
      <translation>无法读取链接：{reason}。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>The name holds line breaks or control characters.</source>
      <translation>名称中有换行或控制字符。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>The name is longer than {limit} characters.</source>
      <translation>名称超过 {limit} 个字符。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>The path begins with /.</source>
      <translation>路径以 / 开头。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>The path holds blanks or control characters.</source>
      <translation>路径中有空格或控制字符。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>The path {path} was left out: choose a file of your own.</source>
      <translation>路径 {path} 已省略：请选择自己的文件。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>The port {port} is where the bridges dial in: take another one for visitors.</source>
      <translation>端口 {port} 用于桥接端连入：请为访客选择另一个端口。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>The private key belongs to another certificate.</source>
      <translation>私钥属于另一个证书。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>The user id is missing. The public server gives it out; a link holds it.</source>
      <translation>缺少用户 ID。它由公网服务器提供，链接中包含它。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>There is no computer called {name} in the list.</source>
      <translation>列表中没有名为 {name} 的电脑。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>There is one with the same id: this one gets a new id.</source>
      <translation>已有相同的 ID：这一个会得到新的 ID。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>This is neither a UUID nor a text of 1 to 30 bytes.</source>
      <translation>这既不是 UUID，也不是 1 到 30 字节的文本。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>This is no certificate in PEM form.</source>
      <translation>这不是 PEM 格式的证书。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>This is no private key in PEM form without a password.</source>
      <translation>这不是无密码的 PEM 私钥。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>This is no web address, such as https://example.com/.</source>
      <translation>这不是像 https://example.com/ 那样的网址。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Two bridges have the tunnel domain {domain}: visitors of one would reach the other.</source>
      <translation>两个桥接端使用同一隧道域名 {domain}：访客会走错。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>VLESS reverse needs VLESS: choose the classic dialect for VMess.</source>
      <translation>VLESS 反向代理需要 VLESS：VMess 请选择经典方式。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Visitors of {name} come in by port {port}.</source>
      <translation>{name} 的访客从端口 {port} 进入。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Whoever knows the id may share through that server: it does not ask for approval.</source>
      <translation>任何知道 ID 的人都可通过该服务器共享：它不要求批准。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Without TLS everybody on the way can read along, and current Xray refuses such a server.</source>
      <translation>没有 TLS，途中任何人都能读取数据，新版 Xray 也拒绝这样的服务器。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>v2ray has no VLESS reverse: choose the classic dialect on both ends.</source>
      <translation>v2ray 没有 VLESS 反向代理：请在两端选择经典方式。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>v2ray only knows the classic dialect: choose it here too, with the domain {domain}.</source>
      <translation>v2ray 只支持经典方式：请在这里也选择它，域名为 {domain}。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>xrgui can use this link by now: import it anew.</source>
      <translation>xrgui 现在可以使用此链接：请重新导入。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>{address} is not an IP address of this computer.</source>
      <translation>{address} 不是本机的 IP 地址。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>{domain} is no host name.</source>
      <translation>{domain} 不是主机名。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>{host} is neither a host name nor an IP address.</source>
      <translation>{host} 既不是主机名也不是 IP 地址。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>{message}</source>
      <translation>{message}</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>{method} is no VMess security; auto, aes-128-gcm, chacha20-poly1305 and none are.</source>
      <translation>{method} 不是 VMess 加密方式；可用 auto、aes-128-gcm、chacha20-poly1305 和 none。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>{name} shares the same through the same server.</source>
      <translation>{name} 已通过同一服务器共享相同内容。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>About xrgui</source>
      <translation>关于 xrgui</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Back up everything…</source>
      <translation>备份全部…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Close window</source>
      <translation>关闭窗口</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Connections</source>
      <translation>连接</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Copy</source>
      <translation>复制</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Copy public address</source>
      <translation>复制公网地址</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Copy the link to share through it</source>
      <translation>复制用于经它共享的链接</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Delete</source>
      <translation>删除</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Duplicate</source>
      <translation>创建副本</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Edit§menu</source>
      <translation>编辑</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Edit…</source>
      <translation>编辑…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Export…</source>
      <translation>导出…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>File</source>
      <translation>文件</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Filter</source>
      <translation>筛选</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Help</source>
      <translation>帮助</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>How it works</source>
      <translation>工作原理</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Import a QR picture…</source>
      <translation>导入二维码图片…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Import from clipboard</source>
      <translation>从剪贴板导入</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Import from file…</source>
      <translation>从文件导入…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Import…</source>
      <translation>导入…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Logs</source>
      <translation>日志</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>New configuration of your own…</source>
      <translation>新建自定义配置…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>New public server…</source>
      <translation>新建公网服务器…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>New tunnel…</source>
      <translation>新建隧道…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Notifications</source>
      <translation>通知</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Open in the browser</source>
      <translation>在浏览器中打开</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Pause the list</source>
      <translation>暂停列表</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Quit</source>
      <translation>退出</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Rename…</source>
      <translation>重命名…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Restart</source>
      <translation>重新启动</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Retry now</source>
      <translation>立即重试</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Routing</source>
      <translation>路由</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Settings</source>
      <translation>设置</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Show as a QR code</source>
      <translation>显示二维码</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Show the computer's part…</source>
      <translation>显示共享电脑端配置…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Show the server's part…</source>
      <translation>显示服务器端配置…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Start</source>
      <translation>启动</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Start all</source>
      <translation>全部启动</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Stop</source>
      <translation>停止</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Stop all</source>
      <translation>全部停止</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Try it here</source>
      <translation>在本机试用</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Tunnel</source>
      <translation>隧道</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Tunnels</source>
      <translation>隧道</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Undo delete</source>
      <translation>撤销删除</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>View</source>
      <translation>视图</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/app.py" />
      <source>The tunnels could not be read</source>
      <translation>无法读取隧道</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/choices.py" />
      <source>Add</source>
      <translation>添加</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/choices.py" />
      <source>Add xrgui to the applications menu, to start it from there and open xrgui:// links?</source>
      <translation>将 xrgui 添加到应用菜单，以便从那里启动并打开 xrgui:// 链接？</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/choices.py" />
      <source>No thanks</source>
      <translation>不用了</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/choices.py" />
      <source>Process {pid}</source>
      <translation>进程 {pid}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/choices.py" />
      <source>This counts from the engine's next start on.</source>
      <translation>引擎下次启动后生效。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/choices.py" />
      <source>xrgui is among the applications now</source>
      <translation>xrgui 已加入应用菜单</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/choices.py" />
      <source>{state}, process {pid}</source>
      <translation>{state}，进程 {pid}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/commands.py" />
      <source>Another program changed or deleted it since it was read.</source>
      <translation>读取之后，另一个程序更改或删除了它。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/commands.py" />
      <source>Copied {text}</source>
      <translation>已复制 {text}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/commands.py" />
      <source>It could not be saved</source>
      <translation>无法保存</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/commands.py" />
      <source>It is let in until the next start. To keep it so, change bridgeKeys in the configuration.</source>
      <translation>已允许接入，直到下次启动。要长期有效，请修改配置中的 bridgeKeys。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/commands.py" />
      <source>Look at it again, or save it as a copy.</source>
      <translation>请再看一遍，或另存为副本。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/commands.py" />
      <source>Remove</source>
      <translation>删除</translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/commands.py" />
      <source>Remove {n} deleted tunnel for good?|Remove {n} deleted tunnels for good?</source>
      <translation>
        <numerusform>彻底删除 {n} 个已删除的隧道？</numerusform>
      </translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/commands.py" />
      <source>Rename</source>
      <translation>重命名</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/commands.py" />
      <source>Save as a copy</source>
      <translation>另存为副本</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/commands.py" />
      <source>Secrets are not at hand</source>
      <translation>无法取得密钥</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/commands.py" />
      <source>Somebody else changed it</source>
      <translation>已被其他程序更改</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/commands.py" />
      <source>The computer is let in</source>
      <translation>已允许这台电脑</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/commands.py" />
      <source>The configuration has an error</source>
      <translation>配置有错误</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/commands.py" />
      <source>They go with their backups and secrets. Nobody can bring them back.</source>
      <translation>它们的备份和密钥将一并删除，无法恢复。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/commands.py" />
      <source>Undo</source>
      <translation>撤销</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/commands.py" />
      <source>“{name}” was deleted</source>
      <translation>已删除“{name}”</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/base.py" />
      <source>Cancel</source>
      <translation>取消</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/base.py" />
      <source>OK</source>
      <translation>确定</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/close_question.py" />
      <source>Close the window</source>
      <translation>关闭窗口</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/close_question.py" />
      <source>Do so from now on</source>
      <translation>以后都这样做</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/close_question.py" />
      <source>Minimize</source>
      <translation>最小化</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/close_question.py" />
      <source>Stay in the tray</source>
      <translation>留在托盘</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/close_question.py" />
      <source>Stop and quit</source>
      <translation>停止并退出</translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/dialogs/close_question.py" />
      <source>{n} tunnel is running. This desktop has no tray, but the window can be minimized.|{n} tunnels are running. This desktop has no tray, but the window can be minimized.</source>
      <translation>
        <numerusform>有 {n} 条隧道正在运行。此桌面没有托盘，但可以最小化窗口。</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/dialogs/close_question.py" />
      <source>{n} tunnel is running. xrgui can stay in the tray and keep it up.|{n} tunnels are running. xrgui can stay in the tray and keep them up.</source>
      <translation>
        <numerusform>有 {n} 条隧道正在运行。xrgui 可以留在托盘中继续运行它们。</numerusform>
      </translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/editor.py" />
      <source>A configuration of your own</source>
      <translation>自定义配置</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/editor.py" />
      <source>Advanced…</source>
      <translation>高级…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/editor.py" />
      <source>Be the public server</source>
      <translation>作为公网服务器</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/editor.py" />
      <source>Computers that may share connect here; visitors of the open ports are sent to them.</source>
      <translation>允许共享的电脑连接到这里；开放端口的访客会被转给它们。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/editor.py" />
      <source>Edit the configuration</source>
      <translation>编辑配置</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/editor.py" />
      <source>Edit the public server</source>
      <translation>编辑公网服务器</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/editor.py" />
      <source>Edit the tunnel</source>
      <translation>编辑隧道</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/editor.py" />
      <source>Save</source>
      <translation>保存</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/editor.py" />
      <source>Save and start</source>
      <translation>保存并启动</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/editor.py" />
      <source>Share something from this computer</source>
      <translation>从本机共享</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/editor.py" />
      <source>Start again when the engine ended</source>
      <translation>引擎结束后重新启动</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/editor.py" />
      <source>Start now</source>
      <translation>立即启动</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/editor.py" />
      <source>Start with xrgui</source>
      <translation>随 xrgui 启动</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/editor.py" />
      <source>Visitors reach your public server; it sends them here. Nothing else on this computer can be reached.</source>
      <translation>访客到达您的公网服务器，再由它转到这里。本机的其他内容无法访问。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/editor.py" />
      <source>Xray or v2ray JSON, comments allowed. It is checked as you type.</source>
      <translation>Xray 或 v2ray JSON，允许注释。输入时即时检查。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/editor.py" />
      <source>after a failure</source>
      <translation>出错后</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/editor.py" />
      <source>always</source>
      <translation>总是</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/editor.py" />
      <source>never</source>
      <translation>从不</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>Close</source>
      <translation>关闭</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>Export {name}</source>
      <translation>导出 {name}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>Exported text</source>
      <translation>导出的文本</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>JSON for Xray</source>
      <translation>Xray 的 JSON</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>JSON for v2ray and older Xray</source>
      <translation>v2ray 和旧版 Xray 的 JSON</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>Kind</source>
      <translation>类型</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>Passphrase</source>
      <translation>口令</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>Passphrase that opens it</source>
      <translation>打开所需的口令</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>QR</source>
      <translation>二维码</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>Save as</source>
      <translation>另存为</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>Save…</source>
      <translation>保存…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>Server link (vless:// or vmess://)</source>
      <translation>服务器链接（vless:// 或 vmess://）</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>The id is left out: the link is of use only with its secrets.</source>
      <translation>ID 已省略：链接只有包含密钥才有用。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>The other end, {other}: JSON for Xray</source>
      <translation>另一端（{other}）：Xray 的 JSON</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>The other end, {other}: JSON for v2ray</source>
      <translation>另一端（{other}）：v2ray 的 JSON</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>The other end, {other}: command for xrgui</source>
      <translation>另一端（{other}）：xrgui 命令</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>Whoever has this text can use the tunnel.</source>
      <translation>拥有此文本的人都能使用该隧道。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>With secrets</source>
      <translation>包含密钥</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>a computer that shares</source>
      <translation>共享的电脑</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>this computer's server</source>
      <translation>本机的服务器</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>xrgui link</source>
      <translation>xrgui 链接</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_preview.py" />
      <source>A configuration of its own (Xray JSON)</source>
      <translation>自定义配置（Xray JSON）</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_preview.py" />
      <source>A link that xrgui cannot use yet</source>
      <translation>xrgui 暂不支持的链接</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_preview.py" />
      <source>Backup</source>
      <translation>备份</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_preview.py" />
      <source>Cannot be imported</source>
      <translation>无法导入</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_preview.py" />
      <source>Import</source>
      <translation>导入</translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/dialogs/import_preview.py" />
      <source>Import {n}|Import {n}</source>
      <translation>
        <numerusform>导入 {n} 项</numerusform>
      </translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_preview.py" />
      <source>Nothing is started. Look at each before you do.</source>
      <translation>不会启动任何隧道。启动前请逐一查看。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_preview.py" />
      <source>Nothing was found that xrgui can import: no link, no configuration.</source>
      <translation>没有找到可导入的内容：没有链接，也没有配置。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_preview.py" />
      <source>Public server at port {port} ({link})</source>
      <translation>公网服务器，端口 {port}（{link}）</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_preview.py" />
      <source>Sealed with its secrets</source>
      <translation>已连同密钥加密</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_preview.py" />
      <source>Shares {services} through {server} ({link})</source>
      <translation>经 {server} 共享：{services}（{link}）</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_preview.py" />
      <source>The passphrase does not open it.</source>
      <translation>口令不正确。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_preview.py" />
      <source>Unlock</source>
      <translation>解锁</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_preview.py" />
      <source>nothing yet</source>
      <translation>暂无</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_source.py" />
      <source>Continue</source>
      <translation>继续</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_source.py" />
      <source>From file…</source>
      <translation>从文件…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_source.py" />
      <source>Links or configuration</source>
      <translation>链接或配置</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_source.py" />
      <source>Links, an Xray or v2ray configuration, or a backup. You see everything before it is taken.</source>
      <translation>链接、Xray 或 v2ray 配置，或备份。接受之前您会看到全部内容。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_source.py" />
      <source>Paste it here</source>
      <translation>粘贴到这里</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_source.py" />
      <source>QR picture…</source>
      <translation>二维码图片…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/info.py" />
      <source>A visitor reaches the public server. The server sends the visitor back over the connection that stands, and xrgui passes it on to your service.</source>
      <translation>访客到达公网服务器。服务器通过已建立的连接把访客送回来，xrgui 再转给您的服务。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/info.py" />
      <source>Nothing happened that you should know.</source>
      <translation>没有需要您知道的事情。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/info.py" />
      <source>Only the services of the tunnel can be reached. Whatever else a server asks for is refused.</source>
      <translation>只能访问隧道中的服务。服务器请求的其他内容都会被拒绝。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/info.py" />
      <source>Public server</source>
      <translation>公网服务器</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/info.py" />
      <source>Shares what runs on your own computer through a public server of yours.</source>
      <translation>通过您的公网服务器共享本机上运行的内容。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/info.py" />
      <source>The public server runs Xray, v2ray or xrgui. “Show the server's part” gives the configuration that fits, ready to paste.</source>
      <translation>公网服务器运行 Xray、v2ray 或 xrgui。“显示服务器端配置”会给出可直接粘贴的匹配配置。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/info.py" />
      <source>This computer</source>
      <translation>本机</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/info.py" />
      <source>This computer has no public address, so it dials your public server and keeps that connection.</source>
      <translation>本机没有公网地址，因此它主动连接您的公网服务器并保持该连接。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/info.py" />
      <source>Version {version}</source>
      <translation>版本 {version}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/info.py" />
      <source>bridge</source>
      <translation>桥接端</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/info.py" />
      <source>portal</source>
      <translation>入口端</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/info.py" />
      <source>your service</source>
      <translation>您的服务</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/json_form.py" />
      <source>Configuration</source>
      <translation>配置</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/json_form.py" />
      <source>Name</source>
      <translation>名称</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/json_form.py" />
      <source>Problems</source>
      <translation>问题</translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/dialogs/passphrase.py" />
      <source>At least {n} character.|At least {n} characters.</source>
      <translation>
        <numerusform>至少 {n} 个字符。</numerusform>
      </translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/passphrase.py" />
      <source>Once more</source>
      <translation>再输入一次</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/passphrase.py" />
      <source>The two differ.</source>
      <translation>两次输入不一致。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/qr.py" />
      <source>QR code of {text}</source>
      <translation>{text} 的二维码</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/qr.py" />
      <source>This is too long for a QR code.</source>
      <translation>内容太长，无法生成二维码。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/secrets.py" />
      <source>A file under a passphrase</source>
      <translation>口令加密的文件</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/secrets.py" />
      <source>Asked for once after each start of xrgui.</source>
      <translation>每次启动 xrgui 后询问一次。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/secrets.py" />
      <source>Ids and keys never stand in the tunnels' files. Those that are stored move along.</source>
      <translation>ID 和密钥从不写入隧道文件。已保存的会一并迁移。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/secrets.py" />
      <source>Memory only</source>
      <translation>仅内存</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/secrets.py" />
      <source>Nothing is stored; you type them again after each start.</source>
      <translation>不保存任何内容；每次启动后需重新输入。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/secrets.py" />
      <source>The system's keyring</source>
      <translation>系统密钥环</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/secrets.py" />
      <source>Unlocked with your login. The best place.</source>
      <translation>随您的登录解锁。最佳位置。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/secrets.py" />
      <source>Use it</source>
      <translation>使用</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/secrets.py" />
      <source>Where secrets are kept</source>
      <translation>密钥保存位置</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Address of this server</source>
      <translation>此服务器的地址</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Approval</source>
      <translation>批准</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Certificate</source>
      <translation>证书</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Choose certificate files</source>
      <translation>选择证书文件</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Choose files…</source>
      <translation>选择文件…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Computers connect to</source>
      <translation>电脑连接到</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Computers run</source>
      <translation>电脑使用</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Current Xray</source>
      <translation>新版 Xray</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Encrypt with TLS</source>
      <translation>使用 TLS 加密</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Everybody on the way can read along.</source>
      <translation>途中任何人都能读取数据。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Its private key (PEM)</source>
      <translation>私钥（PEM）</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Let another computer share</source>
      <translation>允许另一台电脑共享</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Make a certificate</source>
      <translation>生成证书</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Make one</source>
      <translation>生成</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>My computer</source>
      <translation>我的电脑</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>One is made when you save.</source>
      <translation>保存时自动生成。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Only computers that I approve</source>
      <translation>仅限我批准的电脑</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Open another port</source>
      <translation>再开放一个端口</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Open to visitors</source>
      <translation>对访客开放</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Protocol</source>
      <translation>协议</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Say first under which name this computer is reached.</source>
      <translation>请先填写访问本机所用的域名。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>The certificate (PEM)</source>
      <translation>证书（PEM）</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Transport</source>
      <translation>传输方式</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>WebSocket path</source>
      <translation>WebSocket 路径</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>When one first connects you are asked here, and approve its key once. Xray and v2ray have no keys: you may let those in by their id alone.</source>
      <translation>首次连接时会在此询问，您只需批准一次其密钥。Xray 和 v2ray 没有密钥：可以只凭 ID 允许接入。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Who may share</source>
      <translation>允许共享者</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>made for {names}; computers that share pin it</source>
      <translation>为 {names} 生成；共享的电脑会固定它</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>v2ray, older Xray (classic)</source>
      <translation>v2ray、旧版 Xray（经典）</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_rows.py" />
      <source>Ask it for a key from now on</source>
      <translation>今后要求出示密钥</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_rows.py" />
      <source>Close this port</source>
      <translation>关闭此端口</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_rows.py" />
      <source>Copy its link</source>
      <translation>复制链接</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_rows.py" />
      <source>Copy the link that this computer needs</source>
      <translation>复制这台电脑需要的链接</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_rows.py" />
      <source>Do not let it share</source>
      <translation>不允许它共享</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_rows.py" />
      <source>Do not let this key in any more</source>
      <translation>不再允许此密钥</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_rows.py" />
      <source>Its id alone is enough (Xray, v2ray)</source>
      <translation>仅凭 ID 即可接入（Xray、v2ray）</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_rows.py" />
      <source>Name of the computer</source>
      <translation>电脑名称</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_rows.py" />
      <source>Network</source>
      <translation>网络</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_rows.py" />
      <source>Note for the key {key}</source>
      <translation>密钥 {key} 的备注</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_rows.py" />
      <source>Port on that computer</source>
      <translation>那台电脑上的端口</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_rows.py" />
      <source>Public port</source>
      <translation>公网端口</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_rows.py" />
      <source>Served by</source>
      <translation>提供者</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_rows.py" />
      <source>The port on that computer, if it shares several and it differs</source>
      <translation>那台电脑上的端口（共享多个且端口不同时填写）</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_rows.py" />
      <source>name of the computer</source>
      <translation>电脑名称</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_rows.py" />
      <source>note</source>
      <translation>备注</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_rows.py" />
      <source>port on it</source>
      <translation>对方端口</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/server_fields.py" />
      <source>Address</source>
      <translation>地址</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/server_fields.py" />
      <source>Hide</source>
      <translation>隐藏</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/server_fields.py" />
      <source>Id</source>
      <translation>ID</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/server_fields.py" />
      <source>Pinned certificate</source>
      <translation>固定的证书</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/server_fields.py" />
      <source>SHA-256 of the certificate, 64 hex digits</source>
      <translation>证书的 SHA-256，64 位十六进制</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/server_fields.py" />
      <source>Server name</source>
      <translation>服务器名称</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/server_fields.py" />
      <source>Show</source>
      <translation>显示</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/server_fields.py" />
      <source>WebSocket host</source>
      <translation>WebSocket 主机</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/server_fields.py" />
      <source>stored; type to replace it</source>
      <translation>已保存；输入以替换</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/services.py" />
      <source>Do not share this</source>
      <translation>不共享此项</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/services.py" />
      <source>Nothing listens on this computer</source>
      <translation>本机没有监听的端口</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/services.py" />
      <source>Pick a port…</source>
      <translation>选择端口…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/services.py" />
      <source>Ports of this computer where something listens</source>
      <translation>本机正在监听的端口</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/services.py" />
      <source>Share another one too</source>
      <translation>再共享一个</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/services.py" />
      <source>The port of the public server where visitors of this service come in</source>
      <translation>此服务的访客进入公网服务器的端口</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/services.py" />
      <source>UDP cannot be asked whether it answers</source>
      <translation>无法检测 UDP 是否有响应</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/services.py" />
      <source>What to share</source>
      <translation>要共享什么</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/services.py" />
      <source>answers in {time}</source>
      <translation>{time} 内有响应</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/services.py" />
      <source>nothing answers there yet; it can be started later</source>
      <translation>那里暂无响应；可以稍后启动</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/services.py" />
      <source>port there</source>
      <translation>公网端口</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>Paste</source>
      <translation>粘贴</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>Public address</source>
      <translation>公网地址</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>Say what to share, for example 127.0.0.1:3000.</source>
      <translation>请填写要共享什么，例如 127.0.0.1:3000。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>Show its configuration</source>
      <translation>显示其配置</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>The certificate is not one that this computer trusts.</source>
      <translation>本机不信任此证书。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>The certificate is not the pinned one.</source>
      <translation>证书与固定的不一致。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>The server must forward this port.</source>
      <translation>服务器必须转发此端口。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>The server runs</source>
      <translation>服务器使用</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>This link does not fit here: take it in with File, Import.</source>
      <translation>此链接不适用于这里：请使用“文件”菜单中的“导入”。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>Trust it</source>
      <translation>信任它</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>Tunnel domain</source>
      <translation>隧道域名</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>VLESS reverse: Xray 25.10 and newer, and xrgui. Visitors keep their own address.</source>
      <translation>VLESS 反向：Xray 25.10 及更新版本，以及 xrgui。访客保留自己的地址。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>What visitors type. An xrgui on the server tells it by itself.</source>
      <translation>访客输入的地址。服务器上是 xrgui 时会自动告知。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>answered in {time}</source>
      <translation>{time} 内有响应</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>but it does not speak TLS there</source>
      <translation>但那里不支持 TLS</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>certificate trusted</source>
      <translation>证书可信</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>for example Blog preview</source>
      <translation>例如：博客预览</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>no address was found for {host}</source>
      <translation>找不到 {host} 的地址</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>pinned certificate matches</source>
      <translation>固定的证书一致</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>v2ray 4 and 5, and Xray before 26.4. Both ends share a tunnel domain.</source>
      <translation>v2ray 4 和 5，以及 26.4 之前的 Xray。两端使用同一隧道域名。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>vless://… or vmess://…, or host:port</source>
      <translation>vless://… 或 vmess://…，或 主机:端口</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>xrgui cannot use this link yet: it lacks {lacks}. The link is kept.</source>
      <translation>xrgui 暂时无法使用此链接：缺少 {lacks}。链接已保留。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>{endpoint} cannot be reached from here</source>
      <translation>从这里无法到达 {endpoint}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>{endpoint} does not answer</source>
      <translation>{endpoint} 没有响应</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>{endpoint} takes no connections</source>
      <translation>{endpoint} 不接受连接</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>{protocol} over {layers}</source>
      <translation>{protocol}，经由 {layers}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/exchange.py" />
      <source>All tunnels in one file, with their secrets under a passphrase.</source>
      <translation>所有隧道保存到一个文件，密钥用口令加密。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/exchange.py" />
      <source>Back up everything</source>
      <translation>备份全部</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/exchange.py" />
      <source>Configurations, links, backups</source>
      <translation>配置、链接、备份</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/exchange.py" />
      <source>Copied the link of “{name}”. It holds a secret.</source>
      <translation>已复制“{name}”的链接。其中包含密钥。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/exchange.py" />
      <source>Import a QR picture</source>
      <translation>导入二维码图片</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/exchange.py" />
      <source>Pictures</source>
      <translation>图片</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/exchange.py" />
      <source>Saved {path}</source>
      <translation>已保存 {path}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/exchange.py" />
      <source>There is no QR code in this picture.</source>
      <translation>此图片中没有二维码。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/exchange.py" />
      <source>{path} cannot be read as a picture: it is damaged, too large, or of an unknown kind.</source>
      <translation>无法将 {path} 作为图片读取：文件已损坏、过大或类型未知。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/language.py" />
      <source>{first}. {second}</source>
      <translation>{first}。{second}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/main_window.py" />
      <source>Pages</source>
      <translation>页面</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/log.py" />
      <source>Debug</source>
      <translation>调试</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/log.py" />
      <source>Error</source>
      <translation>错误</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/log.py" />
      <source>Info</source>
      <translation>信息</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/log.py" />
      <source>Level</source>
      <translation>级别</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/log.py" />
      <source>Message</source>
      <translation>消息</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/log.py" />
      <source>Time</source>
      <translation>时间</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/log.py" />
      <source>Warning</source>
      <translation>警告</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>(default)</source>
      <translation>（默认）</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>(not shared)</source>
      <translation>（未共享）</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>(the rest)</source>
      <translation>（其余）</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>(tunnel {domain})</source>
      <translation>（隧道 {domain}）</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>Dry run</source>
      <translation>试运行</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>Goes to</source>
      <translation>去向</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>Rule</source>
      <translation>规则</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>When</source>
      <translation>条件</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>address {addresses}</source>
      <translation>地址 {addresses}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>arrives at port {ports}</source>
      <translation>到达端口 {ports}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>arrives at {addresses}</source>
      <translation>到达 {addresses}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>attributes {names}</source>
      <translation>属性 {names}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>comes in by {tags}</source>
      <translation>来自 {tags}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>dropped</source>
      <translation>丢弃</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>it comes in by</source>
      <translation>来自</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>name {names}</source>
      <translation>域名 {names}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>no rule takes it</source>
      <translation>没有规则匹配</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>no: {why}</source>
      <translation>否：{why}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>not known</source>
      <translation>未知</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>port {ports}</source>
      <translation>端口 {ports}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>protocol {protocols}</source>
      <translation>协议 {protocols}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>takes it</source>
      <translation>匹配</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>the address is</source>
      <translation>地址是</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>the name is</source>
      <translation>域名是</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>the network is</source>
      <translation>网络是</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>the port is</source>
      <translation>端口是</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>the protocol is</source>
      <translation>协议是</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>the user is</source>
      <translation>用户是</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>the visitor is</source>
      <translation>访客是</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>the visitor's port is</source>
      <translation>访客端口是</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>user {users}</source>
      <translation>用户 {users}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>visitor {addresses}</source>
      <translation>访客 {addresses}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>visitor's port {ports}</source>
      <translation>访客端口 {ports}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>{service} (by name)</source>
      <translation>{service}（按名称）</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>{service} (by public port)</source>
      <translation>{service}（按公网端口）</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>{tag}: dropped</source>
      <translation>{tag}：丢弃</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/session_columns.py" />
      <source>Age</source>
      <translation>时长</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/session_columns.py" />
      <source>Closed§state</source>
      <translation>已关闭</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/session_columns.py" />
      <source>Connecting</source>
      <translation>正在连接</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/session_columns.py" />
      <source>Ended</source>
      <translation>结束</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/session_columns.py" />
      <source>Failed</source>
      <translation>失败</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/session_columns.py" />
      <source>Idle</source>
      <translation>空闲</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/session_columns.py" />
      <source>Main connection</source>
      <translation>主连接</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/session_columns.py" />
      <source>Open§state</source>
      <translation>活动</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/session_columns.py" />
      <source>Rule → outbound</source>
      <translation>规则 → 出站</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/session_columns.py" />
      <source>Target</source>
      <translation>目标</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/session_columns.py" />
      <source>Visitor</source>
      <translation>访客</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/session_columns.py" />
      <source>closed</source>
      <translation>已关闭</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/session_columns.py" />
      <source>not told</source>
      <translation>未告知</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/session_columns.py" />
      <source>↑ rate</source>
      <translation>↑ 速率</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/session_columns.py" />
      <source>↑ total</source>
      <translation>↑ 总量</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/session_columns.py" />
      <source>↓ rate</source>
      <translation>↓ 速率</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/session_columns.py" />
      <source>↓ total</source>
      <translation>↓ 总量</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/session_table.py" />
      <source>State</source>
      <translation>状态</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/traffic.py" />
      <source>Down {down}, up {up}, peak {peak} in the last {span}</source>
      <translation>下行 {down}，上行 {up}，最近 {span} 峰值 {peak}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/tunnels.py" />
      <source>No tunnels yet</source>
      <translation>还没有隧道</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/tunnels.py" />
      <source>State not known</source>
      <translation>状态未知</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/tunnels.py" />
      <source>{up} of {all} up</source>
      <translation>{all} 条中 {up} 条正常</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/notifications.py" />
      <source>Key {key}, from {address}</source>
      <translation>密钥 {key}，来自 {address}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/notifications.py" />
      <source>Without a key, from {address}</source>
      <translation>无密钥，来自 {address}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/notifications.py" />
      <source>{name} is down</source>
      <translation>{name} 已断开</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/notifications.py" />
      <source>{name} is up again</source>
      <translation>{name} 已恢复</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/notifications.py" />
      <source>{name} waits to be let in</source>
      <translation>{name} 等待批准</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/notifications.py" />
      <source>{name} was let in</source>
      <translation>{name} 已获批准</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/notifications.py" />
      <source>{name}: a computer asks to be let in</source>
      <translation>{name}：有电脑请求接入</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>All tunnels</source>
      <translation>所有隧道</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Close all that the list shows</source>
      <translation>关闭列表中显示的全部连接</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Close shown</source>
      <translation>关闭所示</translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Close {n} sub-connection|Close {n} sub-connections</source>
      <translation>
        <numerusform>关闭 {n} 个连接</numerusform>
      </translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Closed sub-connections</source>
      <translation>已关闭的连接</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Closed§list</source>
      <translation>已关闭</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Columns</source>
      <translation>列</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Copy as a table</source>
      <translation>复制为表格</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Every visitor of a running tunnel appears here, with its rate and its target.</source>
      <translation>运行中隧道的每个访客都会显示在这里，包括速率和目标。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Filter by “{text}”</source>
      <translation>按“{text}”筛选</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Filter sub-connections</source>
      <translation>筛选连接</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Filter: visitor, target, rule</source>
      <translation>筛选：访客、目标、规则</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Go on</source>
      <translation>继续</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Go to the tunnels</source>
      <translation>前往隧道</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Hold the list still</source>
      <translation>让列表保持不动</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>No sub-connection matches the filter.</source>
      <translation>没有符合筛选条件的连接。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Open sub-connections</source>
      <translation>活动的连接</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Open§list</source>
      <translation>活动</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Pause</source>
      <translation>暂停</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Show all</source>
      <translation>显示全部</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Sub-connections that ended appear here, with the reason.</source>
      <translation>已结束的连接及其原因会显示在这里。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Which</source>
      <translation>显示哪些</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>down</source>
      <translation>下行</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>peak {rate} in the last {span}</source>
      <translation>最近 {span} 峰值 {rate}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>up§direction</source>
      <translation>上行</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/first_start.py" />
      <source>A link, a QR picture, or an Xray or v2ray configuration.</source>
      <translation>链接、二维码图片，或 Xray、v2ray 配置。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/first_start.py" />
      <source>A web page, an app or SSH on this computer becomes reachable through your public server.</source>
      <translation>通过您的公网服务器访问本机上的网页、应用或 SSH。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/first_start.py" />
      <source>Or drop a file or a link anywhere in this window.</source>
      <translation>也可以把文件或链接拖放到此窗口。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/first_start.py" />
      <source>See a tunnel work in ten seconds, on this computer alone. Nothing leaves it.</source>
      <translation>十秒内在本机看到隧道如何工作。数据不会离开本机。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/first_start.py" />
      <source>Set up…</source>
      <translation>设置…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/first_start.py" />
      <source>Share from this computer</source>
      <translation>从本机共享</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/first_start.py" />
      <source>Share…</source>
      <translation>共享…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/first_start.py" />
      <source>This computer has a public address and lets others share through it.</source>
      <translation>本机有公网地址，让其他电脑通过它共享。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/first_start.py" />
      <source>Try</source>
      <translation>试用</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/first_start.py" />
      <source>What do you want to do?</source>
      <translation>您想做什么？</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/logs.py" />
      <source>Clear</source>
      <translation>清空</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/logs.py" />
      <source>Empty this list; the files stay</source>
      <translation>清空此列表；文件保留</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/logs.py" />
      <source>Filter the log</source>
      <translation>筛选日志</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/logs.py" />
      <source>Filter: words of the message</source>
      <translation>筛选：消息中的文字</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/logs.py" />
      <source>Follow</source>
      <translation>跟随</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/logs.py" />
      <source>Least level</source>
      <translation>最低级别</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/logs.py" />
      <source>Log</source>
      <translation>日志</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/logs.py" />
      <source>No line matches the filter.</source>
      <translation>没有与筛选条件匹配的日志行。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/logs.py" />
      <source>Save the log</source>
      <translation>保存日志</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/logs.py" />
      <source>Stay at the newest line</source>
      <translation>停留在最新一行</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/logs.py" />
      <source>What the engine does is written here, newest at the bottom.</source>
      <translation>引擎的活动记录在这里，最新的在底部。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/newcomers.py" />
      <source>Approve</source>
      <translation>批准</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/newcomers.py" />
      <source>Compare the key with the one that its owner sees there: in its own window, or by “xrgui key”. Whoever only knows a stolen id shows another one.</source>
      <translation>请与对方电脑上看到的密钥比对：在其窗口中，或用“xrgui key”命令。仅窃取了 ID 的人会出示不同的密钥。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/newcomers.py" />
      <source>Ignore</source>
      <translation>忽略</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/newcomers.py" />
      <source>It cannot prove who it is. If you let it in, its id alone is enough from now on: whoever has its link can come in its place.</source>
      <translation>它无法证明自己的身份。如果允许接入，今后仅凭 ID 即可：任何持有其链接的人都可以冒用它接入。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/newcomers.py" />
      <source>Let it in</source>
      <translation>允许接入</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/newcomers.py" />
      <source>Xray or v2ray</source>
      <translation>Xray 或 v2ray</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/newcomers.py" />
      <source>as {computer}, from {address}, since {time}</source>
      <translation>以 {computer} 的身份，来自 {address}，自 {time} 起</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/newcomers.py" />
      <source>xrgui without a key</source>
      <translation>没有密钥的 xrgui</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/newcomers.py" />
      <source>“xrgui key” on that computer makes one; then start its tunnel anew. If you let it in as it is, its id alone is enough from now on.</source>
      <translation>在那台电脑上运行“xrgui key”即可生成密钥，然后重新启动其隧道。如果现在就允许接入，今后仅凭 ID 即可。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/routing.py" />
      <source>Comes in by</source>
      <translation>来源</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/routing.py" />
      <source>Edit tunnel</source>
      <translation>编辑隧道</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/routing.py" />
      <source>Looked up: {addresses}.</source>
      <translation>查询到：{addresses}。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/routing.py" />
      <source>No rule takes it: {outbound}.</source>
      <translation>没有规则匹配：{outbound}。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/routing.py" />
      <source>Rules</source>
      <translation>规则</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/routing.py" />
      <source>The first rule that matches takes the connection.</source>
      <translation>第一条匹配的规则处理该连接。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/routing.py" />
      <source>The rule “{rule}” takes it: {outbound}.</source>
      <translation>规则“{rule}”匹配：{outbound}。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/routing.py" />
      <source>The rules of your tunnels appear here: which connection goes where, and why.</source>
      <translation>这里显示各隧道的规则：哪个连接去往何处，以及原因。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/routing.py" />
      <source>Try a dry run</source>
      <translation>试运行</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/routing.py" />
      <source>Type a target to see which rule would take it. Nothing is connected.</source>
      <translation>输入目标，查看哪条规则会匹配。不会建立任何连接。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/routing.py" />
      <source>Write the target as host:port.</source>
      <translation>请按 主机:端口 的格式填写目标。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/routing.py" />
      <source>comes in by</source>
      <translation>来自</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>A computer asks to be let in</source>
      <translation>有电脑请求接入</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>A local service does not answer any more</source>
      <translation>本地服务不再响应</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>A tunnel is down for more than 10 seconds</source>
      <translation>隧道断开超过 10 秒</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>As the system</source>
      <translation>跟随系统</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Ask</source>
      <translation>询问</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Change where secrets are kept</source>
      <translation>更改密钥保存位置</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Change…</source>
      <translation>更改…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Closing</source>
      <translation>关闭</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Closing the window</source>
      <translation>关闭窗口时</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Dark</source>
      <translation>深色</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Engine</source>
      <translation>引擎</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Hide in the tray</source>
      <translation>隐藏到托盘</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>It is up again</source>
      <translation>隧道恢复</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Language</source>
      <translation>语言</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Light</source>
      <translation>浅色</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Look</source>
      <translation>外观</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Look for a new version once a day</source>
      <translation>每天检查一次新版本</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Off by default: xrgui talks to nobody but your servers.</source>
      <translation>默认关闭：xrgui 只与您的服务器通信。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Remove for good…</source>
      <translation>彻底删除…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Restart the engine</source>
      <translation>重新启动引擎</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Secrets</source>
      <translation>密钥</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Show xrgui among the applications and open xrgui:// links with it</source>
      <translation>在应用列表中显示 xrgui，并用它打开 xrgui:// 链接</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Start hidden in the tray</source>
      <translation>启动时隐藏到托盘</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Start xrgui when I log in</source>
      <translation>登录时启动 xrgui</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Starting</source>
      <translation>启动</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Theme</source>
      <translation>主题</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Tunnels go on when xrgui quits or fails</source>
      <translation>xrgui 退出或出错后隧道继续运行</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Updates</source>
      <translation>更新</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Use the engine {name}</source>
      <translation>使用引擎 {name}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Use this one</source>
      <translation>使用这个</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Which tunnels start with xrgui is chosen in each tunnel.</source>
      <translation>哪些隧道随 xrgui 启动，在各隧道中选择。</translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>{n} deleted tunnel is kept with its secrets|{n} deleted tunnels are kept with their secrets</source>
      <translation>
        <numerusform>保留了 {n} 个已删除的隧道及其密钥</numerusform>
      </translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/tunnel_detail.py" />
      <source>Edit</source>
      <translation>编辑</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/tunnel_detail.py" />
      <source>It cannot start here</source>
      <translation>无法在此启动</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/tunnel_detail.py" />
      <source>Public addresses</source>
      <translation>公网地址</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/tunnel_detail.py" />
      <source>This tunnel needs what xrgui does not have yet: {what}.</source>
      <translation>此隧道需要 xrgui 尚不支持的功能：{what}。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/tunnel_detail.py" />
      <source>What happened</source>
      <translation>发生了什么</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/tunnels.py" />
      <source>Filter tunnels</source>
      <translation>筛选隧道</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/tunnels.py" />
      <source>New</source>
      <translation>新建</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/tunnels.py" />
      <source>New tunnel</source>
      <translation>新建隧道</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/tunnels.py" />
      <source>No tunnel matches the filter.</source>
      <translation>没有符合筛选条件的隧道。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/runner.py" />
      <source>started elsewhere</source>
      <translation>在别处启动</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/secrets_flow.py" />
      <source>A passphrase for your secrets</source>
      <translation>密钥的口令</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/secrets_flow.py" />
      <source>Choose…</source>
      <translation>选择…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/secrets_flow.py" />
      <source>It opens your secrets after each start. Nobody can bring it back if it is forgotten.</source>
      <translation>每次启动后用它打开您的密钥。忘记后无人能找回。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/secrets_flow.py" />
      <source>The secrets stay where they are</source>
      <translation>密钥仍在原处</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/secrets_flow.py" />
      <source>They are kept in memory only, until xrgui quits.</source>
      <translation>仅保存在内存中，直到 xrgui 退出。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/secrets_flow.py" />
      <source>They are locked.</source>
      <translation>已锁定。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/secrets_flow.py" />
      <source>They lie in a file under your passphrase.</source>
      <translation>保存在用您的口令加密的文件中。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/secrets_flow.py" />
      <source>They lie in the system's keyring.</source>
      <translation>保存在系统密钥环中。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/secrets_flow.py" />
      <source>This system has no keyring: secrets are kept in memory only, until xrgui quits.</source>
      <translation>此系统没有密钥环：密钥仅保存在内存中，直到 xrgui 退出。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/secrets_flow.py" />
      <source>Try again</source>
      <translation>重试</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/secrets_flow.py" />
      <source>Unlock your secrets</source>
      <translation>解锁您的密钥</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/secrets_flow.py" />
      <source>Unlock…</source>
      <translation>解锁…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/secrets_flow.py" />
      <source>Your secrets are locked: no tunnel can start.</source>
      <translation>您的密钥已锁定：无法启动隧道。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/secrets_flow.py" />
      <source>Your secrets were moved</source>
      <translation>密钥已迁移</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/shell.py" />
      <source>A sample page runs at {url}</source>
      <translation>示例页面运行在 {url}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/shell.py" />
      <source>Engine ended, starting again</source>
      <translation>引擎已结束，正在重新启动</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/shell.py" />
      <source>Engine running</source>
      <translation>引擎运行中</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/shell.py" />
      <source>Engine running, {memory}</source>
      <translation>引擎运行中，{memory}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/shell.py" />
      <source>Engine starting</source>
      <translation>引擎正在启动</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/shell.py" />
      <source>Engine stopped</source>
      <translation>引擎已停止</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/shell.py" />
      <source>Open</source>
      <translation>打开</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/shell.py" />
      <source>Start again</source>
      <translation>重新启动</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/shell.py" />
      <source>The engine does not answer</source>
      <translation>引擎没有响应</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/shell.py" />
      <source>The engine does not answer. All that it carries stands still.</source>
      <translation>引擎没有响应，经它传输的一切都已停住。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/shell.py" />
      <source>The engine does not stay up. The log may say why.</source>
      <translation>引擎反复停止。日志中可能有原因。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/shell.py" />
      <source>The engine ended on its own and is started again.</source>
      <translation>引擎自行结束，正在重新启动。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/shell.py" />
      <source>The engine ended on its own and runs again.</source>
      <translation>引擎曾自行结束，现已恢复运行。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/shell.py" />
      <source>xrgui {version} is out. Update it the way you installed it.</source>
      <translation>xrgui {version} 已发布。请用安装时的方式更新。</translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/shell.py" />
      <source>{n} sub-connection|{n} sub-connections</source>
      <translation>
        <numerusform>{n} 个连接</numerusform>
      </translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/standing.py" />
      <source>; next in {wait}</source>
      <translation>；{wait} 后重试</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/standing.py" />
      <source>attempt {n}: {error}</source>
      <translation>第 {n} 次尝试：{error}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/standing.py" />
      <source>connected to {server}</source>
      <translation>已连接到 {server}</translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/totals_keeper.py" />
      <source>{down} down, {up} up, {n} visitor|{down} down, {up} up, {n} visitors</source>
      <translation>
        <numerusform>下行 {down}，上行 {up}，{n} 位访客</numerusform>
      </translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/tray.py" />
      <source>Open xrgui</source>
      <translation>打开 xrgui</translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/tray.py" />
      <source>{n} visitor|{n} visitors</source>
      <translation>
        <numerusform>{n} 位访客</numerusform>
      </translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/trial.py" />
      <source>The sample page did not start.</source>
      <translation>示例页面未能启动。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/trial.py" />
      <source>Try it: the public server</source>
      <translation>试用：公网服务器</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/trial.py" />
      <source>Try it: this computer shares</source>
      <translation>试用：本机共享</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/units.py" />
      <source>B</source>
      <translation>B</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/units.py" />
      <source>GB</source>
      <translation>GB</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/units.py" />
      <source>MB</source>
      <translation>MB</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/units.py" />
      <source>PB</source>
      <translation>PB</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/units.py" />
      <source>TB</source>
      <translation>TB</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/units.py" />
      <source>kB</source>
      <translation>kB</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/units.py" />
      <source>{days} d {hours} h</source>
      <translation>{days} 天 {hours} 小时</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/units.py" />
      <source>{figure} ms</source>
      <translation>{figure} 毫秒</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/units.py" />
      <source>{hours} h {minutes} min</source>
      <translation>{hours} 小时 {minutes} 分</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/units.py" />
      <source>{minutes} min</source>
      <translation>{minutes} 分钟</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/units.py" />
      <source>{seconds} s</source>
      <translation>{seconds} 秒</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/units.py" />
      <source>{size}/s</source>
      <translation>{size}/s</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/address.py" />
      <source>Copy the address</source>
      <translation>复制地址</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/address.py" />
      <source>Public address: {address}</source>
      <translation>公网地址：{address}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/basic.py" />
      <source>Copied</source>
      <translation>已复制</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/chart.py" />
      <source>Traffic chart</source>
      <translation>流量图</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/chart.py" />
      <source>{time}: down {down}, up {up}</source>
      <translation>{time}：下行 {down}，上行 {up}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>Sharing computer</source>
      <translation>共享的电脑</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>Visitors</source>
      <translation>访客</translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>and {n} more|and {n} more</source>
      <translation>
        <numerusform>另有 {n} 个</numerusform>
      </translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>answers</source>
      <translation>有响应</translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>bridge, {n} link|bridge, {n} links</source>
      <translation>
        <numerusform>桥接端，{n} 条链路</numerusform>
      </translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>does not answer</source>
      <translation>无响应</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>does not listen</source>
      <translation>未监听</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>link lost</source>
      <translation>链路断开</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>name unknown</source>
      <translation>域名未知</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>no link</source>
      <translation>无链路</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>not asked yet</source>
      <translation>尚未检测</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>not connected</source>
      <translation>未连接</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>out of reach</source>
      <translation>无法到达</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>portal, port {port}</source>
      <translation>入口端，端口 {port}</translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>portal, {n} visitor|portal, {n} visitors</source>
      <translation>
        <numerusform>入口端，{n} 位访客</numerusform>
      </translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>refused</source>
      <translation>已拒绝</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>silent</source>
      <translation>无回应</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>speaks otherwise</source>
      <translation>协议不符</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>wrong certificate</source>
      <translation>证书不符</translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>{n} computer|{n} computers</source>
      <translation>
        <numerusform>{n} 台电脑</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>{n} now|{n} now</source>
      <translation>
        <numerusform>当前 {n}</numerusform>
      </translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/traffic_card.py" />
      <source>1 h</source>
      <translation>1 小时</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/traffic_card.py" />
      <source>1 min</source>
      <translation>1 分钟</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/traffic_card.py" />
      <source>5 min</source>
      <translation>5 分钟</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/traffic_card.py" />
      <source>Download</source>
      <translation>下行</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/traffic_card.py" />
      <source>In all</source>
      <translation>总计</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/traffic_card.py" />
      <source>Last problem</source>
      <translation>最近问题</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/traffic_card.py" />
      <source>Link</source>
      <translation>链路</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/traffic_card.py" />
      <source>Time shown</source>
      <translation>显示时长</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/traffic_card.py" />
      <source>Today</source>
      <translation>今天</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/traffic_card.py" />
      <source>Traffic</source>
      <translation>流量</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/traffic_card.py" />
      <source>Turned away</source>
      <translation>已拒绝</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/traffic_card.py" />
      <source>Upload</source>
      <translation>上行</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/traffic_card.py" />
      <source>listens at port {port}</source>
      <translation>监听端口 {port}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/traffic_card.py" />
      <source>none since start</source>
      <translation>启动以来没有</translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/widgets/traffic_card.py" />
      <source>{n} connection|{n} connections</source>
      <translation>
        <numerusform>{n} 个连接</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/widgets/traffic_card.py" />
      <source>{n} link to {server}|{n} links to {server}</source>
      <translation>
        <numerusform>{n} 条链路到 {server}</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/widgets/traffic_card.py" />
      <source>{n} link with a false key|{n} links with a false key</source>
      <translation>
        <numerusform>{n} 条使用伪造密钥的链路</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/widgets/traffic_card.py" />
      <source>{n} link|{n} links</source>
      <translation>
        <numerusform>{n} 条链路</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/widgets/tunnel_list.py" />
      <source>{first} and {n} more|{first} and {n} more</source>
      <translation>
        <numerusform>{first} 等 {n} 个以上</numerusform>
      </translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>A secret is missing</source>
      <translation>缺少密钥</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>A secret is not in the store any more. Enter it again.</source>
      <translation>密钥已不在存储中。请重新输入。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>Another program on this computer listens there already. Choose another port, or stop it.</source>
      <translation>本机另一个程序已占用该端口。请选择其他端口，或停止那个程序。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>Attempt {number}, again in {wait}</source>
      <translation>第 {number} 次尝试，{wait}后重试</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>Connecting, attempt {number}</source>
      <translation>正在连接，第 {number} 次尝试</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>Copy the key</source>
      <translation>复制密钥</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>Copy the link</source>
      <translation>复制链接</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>Edit the id</source>
      <translation>编辑 ID</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>Enter the id or key of this tunnel again.</source>
      <translation>请重新输入此隧道的 ID 或密钥。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>It ended on its own and is being started again.</source>
      <translation>它自行结束，正在重新启动。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>It was set aside as {path}.</source>
      <translation>已移到 {path}。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>No address was found for {server}. Look for a typing error in the name.</source>
      <translation>找不到 {server} 的地址。请检查域名是否输错。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>No computer shares through this server yet</source>
      <translation>还没有电脑经此服务器共享</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>Nothing listens at the server's port</source>
      <translation>服务器端口没有程序监听</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>On the computer that shares, choose “Share from this computer” and paste this server's link there. The link holds a secret.</source>
      <translation>在要共享的电脑上选择“从本机共享”，把此服务器的链接粘贴进去。链接中含有机密。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>Show the server's part</source>
      <translation>显示服务器端配置</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>Something went wrong</source>
      <translation>出现问题</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>Stopped</source>
      <translation>已停止</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The certificate does not match</source>
      <translation>证书不匹配</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The computer answers, but {server} takes no connections. The program there does not run, or it listens on another port.</source>
      <translation>主机有响应，但 {server} 不接受连接。那里的程序没有运行，或监听了其他端口。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The engine did not take this tunnel's configuration.</source>
      <translation>引擎没有接受此隧道的配置。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The engine said what follows.</source>
      <translation>引擎的说明如下。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The engine stopped</source>
      <translation>引擎已停止</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The file {name} is damaged ({reason}).</source>
      <translation>文件 {name} 已损坏（{reason}）。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The id or key of this tunnel could not be read.</source>
      <translation>无法读取此隧道的 ID 或密钥。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The keyring did not answer in time. Answer its prompt, then try again.</source>
      <translation>密钥环没有及时响应。请回应它的提示，然后重试。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The last good version took its place.</source>
      <translation>已换成最近的完好版本。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The link was lost</source>
      <translation>链路已断开</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The local service</source>
      <translation>本地服务</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The local service does not answer</source>
      <translation>本地服务无响应</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The port is taken</source>
      <translation>端口被占用</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The secrets are locked. Unlock them and try again.</source>
      <translation>密钥已锁定。请解锁后重试。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The server</source>
      <translation>服务器</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The server cannot be reached</source>
      <translation>无法到达服务器</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The server does not answer</source>
      <translation>服务器没有响应</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The server refused the id</source>
      <translation>服务器拒绝了此 ID</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The server speaks otherwise</source>
      <translation>服务器协议不符</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The server's name is unknown</source>
      <translation>服务器域名未知</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The server's owner has to let you in</source>
      <translation>需要服务器所有者批准</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>There is no way to {server} from here. Look whether this computer is online.</source>
      <translation>从这里无法到达 {server}。请检查本机是否联网。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>This system has no keyring that runs.</source>
      <translation>此系统没有可用的密钥环。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>Unlock secrets</source>
      <translation>解锁密钥</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>Up</source>
      <translation>正常</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>Up for {span}</source>
      <translation>已运行 {span}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>Visitors reach this computer, but nothing answers at {service}. Start the program there.</source>
      <translation>访客能到达本机，但 {service} 没有响应。请启动那里的程序。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>Waiting for a computer</source>
      <translation>等待电脑连接</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>xrgui goes on trying. Nothing has to be done yet.</source>
      <translation>xrgui 会继续尝试，暂时无需任何操作。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>{name} was written by a newer xrgui and is left alone.</source>
      <translation>{name} 由更新版本的 xrgui 写入，保持不变。</translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/words.py" />
      <source>{n} computer asks to be let in|{n} computers ask to be let in</source>
      <translation>
        <numerusform>{n} 台电脑请求接入</numerusform>
      </translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>{server} answered, but closed the link right after the greeting. Its list of users does not contain the id of this tunnel, or that user has no reverse tag.</source>
      <translation>{server} 有响应，但在握手后立即关闭了链路。它的用户列表中没有此隧道的 ID，或该用户没有 reverse 标签。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>{server} answers, but not as this tunnel expects. Protocol, transport, path and TLS must be the same on both ends.</source>
      <translation>{server} 有响应，但与此隧道的预期不符。两端的协议、传输方式、路径和 TLS 必须一致。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>{server} knows the id, but not this computer. Its owner sees the key below and approves it; then the tunnel comes up by itself.</source>
      <translation>{server} 认识该 ID，但不认识这台电脑。服务器所有者会看到下面的密钥并批准，之后隧道会自动连接。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>{server} showed a certificate that is not the expected one. Either the server has a new certificate, or somebody stands between.</source>
      <translation>{server} 出示的证书不是预期的那个。可能服务器换了证书，也可能有人在中间。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>{server} stays silent. A firewall may swallow the port, or it is down.</source>
      <translation>{server} 没有回应。端口可能被防火墙拦截，或服务器已关机。</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>{server} was connected, then the link broke off.</source>
      <translation>{server} 曾经连接，随后链路中断。</translation>
    </message>
  </context>
  <context>
    <name>engine</name>
    <message>
      <location filename="../../xrgui/bridge_key.py" />
      <source>no bridge key: 32 bytes in base64, as `xrgui key` prints them</source>
      <translation>不是桥接端密钥：应为 base64 编码的 32 个字节，即 `xrgui key` 输出的内容</translation>
    </message>
    <message>
      <location filename="../../xrgui/bridge_key.py" />
      <source>{0} holds no Ed25519 key</source>
      <translation>{0} 中没有 Ed25519 密钥</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check.py" />
      <source>"{0}" is the tag of {1} too</source>
      <translation>标签“{0}”也被 {1} 使用</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check.py" />
      <source>add a user with an id</source>
      <translation>请添加一个带 ID 的用户</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check.py" />
      <source>break the ring</source>
      <translation>请断开这个环</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check.py" />
      <source>every user needs a name of its own</source>
      <translation>每个用户都需要自己的名称</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check.py" />
      <source>every user needs an id of its own (`xrgui uuid`)</source>
      <translation>每个用户都需要自己的 ID（`xrgui uuid`）</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check.py" />
      <source>give it another tag</source>
      <translation>请换一个标签</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check.py" />
      <source>is another user's id too</source>
      <translation>与另一个用户的 ID 相同</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check.py" />
      <source>is another user's too; Xray refuses that</source>
      <translation>与另一个用户的相同；Xray 会拒绝</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check.py" />
      <source>is none, so everyone on the way to {0} can read along; Xray refuses it</source>
      <translation>为 none，通往 {0} 途中任何人都能读取；Xray 会拒绝</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check.py" />
      <source>leads back to itself</source>
      <translation>又回到了自身</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check.py" />
      <source>names nobody, so nobody gets in</source>
      <translation>没有列出任何人，因此谁也进不来</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check.py" />
      <source>no inbound has the tag "{0}", so it never matches</source>
      <translation>没有标签为“{0}”的入站，因此永远不会匹配</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check.py" />
      <source>no outbound has the tag "{0}"</source>
      <translation>没有标签为“{0}”的出站</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check.py" />
      <source>nothing has a tag</source>
      <translation>没有任何标签</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check.py" />
      <source>send what is meant for it to "{0}" by a routing rule</source>
      <translation>请用路由规则把给它的连接转到“{0}”</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check.py" />
      <source>there are {0}</source>
      <translation>现有 {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check.py" />
      <source>use "tls"</source>
      <translation>请用 "tls"</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_ports.py" />
      <source>choose another name</source>
      <translation>请换一个名称</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_ports.py" />
      <source>choose another port, or end what holds it</source>
      <translation>请换一个端口，或结束占用它的程序</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_ports.py" />
      <source>give one another port</source>
      <translation>请给其中一个换端口</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_ports.py" />
      <source>inbound "{0}"</source>
      <translation>入站“{0}”</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_ports.py" />
      <source>make it first</source>
      <translation>请先创建</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_ports.py" />
      <source>port {0} is wanted by {1} too</source>
      <translation>端口 {0} 也被 {1} 使用</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_ports.py" />
      <source>there is no folder {0}</source>
      <translation>没有文件夹 {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_ports.py" />
      <source>{0} is there and is no socket</source>
      <translation>{0} 已存在，但不是套接字</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_reverse.py" />
      <source>"{0}" carries a reverse link and nothing else: the server refuses the rest</source>
      <translation>“{0}”只承载反向链路：其余内容会被服务器拒绝</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_reverse.py" />
      <source>`xrgui key --file {0}` makes one</source>
      <translation>用 `xrgui key --file {0}` 生成</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_reverse.py" />
      <source>a reverse link</source>
      <translation>反向链路</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_reverse.py" />
      <source>add "finalRules": {0}</source>
      <translation>请添加 "finalRules": {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_reverse.py" />
      <source>add an outbound with another user's id</source>
      <translation>请添加一个使用其他用户 ID 的出站</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_reverse.py" />
      <source>add the rule {0}</source>
      <translation>请添加规则 {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_reverse.py" />
      <source>add {{"protocol": "freedom"}}</source>
      <translation>请添加 {{"protocol": "freedom"}}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_reverse.py" />
      <source>allow nothing, so everything that arrives as "{0}" is denied here, by Xray too</source>
      <translation>没有允许任何内容，因此以“{0}”到达的一切都会被拒绝，Xray 也一样</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_reverse.py" />
      <source>is empty, and Xray opens no reverse link then</source>
      <translation>为空，这样 Xray 不会建立反向链路</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_reverse.py" />
      <source>is switched on under {0}, which is Mux.cool already</source>
      <translation>在{0}之上启用，而它本身已是 Mux.cool</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_reverse.py" />
      <source>its domain "{0}" is routed to {1}, which reaches no portal</source>
      <translation>它的域名“{0}”被路由到 {1}，那里到不了入口端</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_reverse.py" />
      <source>its link goes through a VLESS reverse outbound, which carries nothing else</source>
      <translation>它的链路经过 VLESS 反向代理出站，而该出站不承载其他内容</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_reverse.py" />
      <source>its link goes to portal "{0}", whose domain is another</source>
      <translation>它的链路通向入口端“{0}”，而后者的域名不同</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_reverse.py" />
      <source>no bridge can join: no inbound brings "{0}" here</source>
      <translation>桥接端无法接入：没有入站把“{0}”带到这里</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_reverse.py" />
      <source>no rule</source>
      <translation>没有规则</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_reverse.py" />
      <source>no rule for visitors</source>
      <translation>没有访客规则</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_reverse.py" />
      <source>no rule sends "{0}" to an outbound</source>
      <translation>没有规则把“{0}”转到出站</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_reverse.py" />
      <source>nobody reaches it: no rule leads to "{0}"</source>
      <translation>无人能到达它：没有规则通向“{0}”</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_reverse.py" />
      <source>nobody reaches it: {0} leads to it</source>
      <translation>无人能到达它：{0}通向它</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_reverse.py" />
      <source>the link of bridge "{0}"</source>
      <translation>桥接端“{0}”的链路</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_reverse.py" />
      <source>the tag of a freedom outbound</source>
      <translation>freedom 出站的标签</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_reverse.py" />
      <source>the tag of the outbound to the portal</source>
      <translation>通往入口端的出站标签</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_reverse.py" />
      <source>the tag of the visitors' inbound</source>
      <translation>访客入站的标签</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_reverse.py" />
      <source>what arrives as "{0}" goes back through the link: no rule takes it elsewhere</source>
      <translation>以“{0}”到达的连接又回到链路：没有规则把它带到别处</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_reverse.py" />
      <source>what visitors send goes back through its own link</source>
      <translation>访客发来的内容又回到了自己的链路</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_reverse.py" />
      <source>write "enabled": false</source>
      <translation>请写 "enabled": false</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_reverse.py" />
      <source>{0} is not there</source>
      <translation>{0} 不存在</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_tls.py" />
      <source>"{0}" cannot be read: {1}</source>
      <translation>无法读取“{0}”：{1}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_tls.py" />
      <source>`openssl pkey -in KEY -out PLAIN` unlocks it</source>
      <translation>用 `openssl pkey -in KEY -out PLAIN` 解锁</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_tls.py" />
      <source>`xrgui cert` makes one; a relative name starts at the working directory</source>
      <translation>用 `xrgui cert` 生成；相对路径从工作目录算起</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_tls.py" />
      <source>`xrgui cert` makes one; name its files in certificateFile and keyFile</source>
      <translation>用 `xrgui cert` 生成；把文件写入 certificateFile 和 keyFile</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_tls.py" />
      <source>bad file name</source>
      <translation>文件名无效</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_tls.py" />
      <source>begins on {0} only</source>
      <translation>从 {0} 起才有效</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_tls.py" />
      <source>does not belong to the certificate</source>
      <translation>与证书不匹配</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_tls.py" />
      <source>holds no certificate in PEM</source>
      <translation>不含 PEM 证书</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_tls.py" />
      <source>holds no certificate to show, so no TLS connection can be made</source>
      <translation>没有可出示的证书，无法建立 TLS 连接</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_tls.py" />
      <source>holds no private key in PEM</source>
      <translation>不含 PEM 私钥</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_tls.py" />
      <source>is above maxVersion {0}</source>
      <translation>高于 maxVersion {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_tls.py" />
      <source>is locked by a passphrase</source>
      <translation>被口令锁定</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_tls.py" />
      <source>is missing</source>
      <translation>缺失</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_tls.py" />
      <source>is the clock right?</source>
      <translation>时钟准确吗？</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_tls.py" />
      <source>it begins with -----BEGIN CERTIFICATE-----</source>
      <translation>它以 -----BEGIN CERTIFICATE----- 开头</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_tls.py" />
      <source>it begins with -----BEGIN PRIVATE KEY-----</source>
      <translation>它以 -----BEGIN PRIVATE KEY----- 开头</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_tls.py" />
      <source>leaves nothing that a server could be trusted by</source>
      <translation>没有留下任何信任服务器的依据</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_tls.py" />
      <source>name a file in {0}File</source>
      <translation>请在 {0}File 中写文件名</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_tls.py" />
      <source>pin its certificate, or add one with "usage": "verify"</source>
      <translation>请固定它的证书，或添加一个 "usage": "verify" 的证书</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_tls.py" />
      <source>ran out on {0}</source>
      <translation>已于 {0} 过期</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_tls.py" />
      <source>renew it</source>
      <translation>请更新</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_tls.py" />
      <source>swap the two</source>
      <translation>请对调两者</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_tls.py" />
      <source>the two come from one run of `xrgui cert`</source>
      <translation>两者由同一次 `xrgui cert` 生成</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>"{0}" is ignored, since "{1}" is there too</source>
      <translation>“{0}”被忽略，因为已有“{1}”</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>"{0}" is no network</source>
      <translation>“{0}”不是网络类型</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>"{0}" is no port</source>
      <translation>“{0}”不是端口</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>"{0}" is none of {1}</source>
      <translation>“{0}”无效；可用：{1}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>`xrgui uuid` makes one</source>
      <translation>用 `xrgui uuid` 生成</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>a UUID in quotes</source>
      <translation>带引号的 UUID</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>a host name or an IP address alone; the port has its own key</source>
      <translation>只写主机名或 IP 地址；端口另有字段</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>a list</source>
      <translation>列表</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>a list of texts</source>
      <translation>文本列表</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>a number</source>
      <translation>数字</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>a number from 0 to 65535, or "1000-2000"</source>
      <translation>0 到 65535 之间的数字，或 "1000-2000"</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>a text</source>
      <translation>文本</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>a whole number</source>
      <translation>整数</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>an object</source>
      <translation>对象</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>did you mean "{0}"?</source>
      <translation>是不是“{0}”？</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>has {0} more than once; the last one counts</source>
      <translation>{0} 出现多次；以最后一个为准</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>is empty</source>
      <translation>为空</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>is ignored: {0}</source>
      <translation>被忽略：{0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>is no address</source>
      <translation>不是地址</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>is unknown and ignored</source>
      <translation>未知，已忽略</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>keep one of the two</source>
      <translation>只保留其中一个</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>put it in [ ]</source>
      <translation>请放进 [ ]</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>put it in {{ }}</source>
      <translation>请放进 {{ }}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>remove the others</source>
      <translation>请删除其余的</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>set the variable before the start</source>
      <translation>请在启动前设置该变量</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>should be a list, not {0}</source>
      <translation>应为列表，而不是{0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>should be a whole number from {0} to {1}</source>
      <translation>应为 {0} 到 {1} 之间的整数</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>should be an object, not {0}</source>
      <translation>应为对象，而不是{0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>should be one port</source>
      <translation>应为单个端口</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>should be {0}, not {1}</source>
      <translation>应为{0}，而不是{1}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>tcp, udp or "tcp,udp"</source>
      <translation>tcp、udp 或 "tcp,udp"</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>the environment has no {0}</source>
      <translation>环境变量中没有 {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>true or false</source>
      <translation>true 或 false</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>xrgui has no {0}</source>
      <translation>xrgui 不支持：{0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump.py" />
      <source>VLESS reverse</source>
      <translation>VLESS 反向代理</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump.py" />
      <source>VLESS reverse; the user is left out</source>
      <translation>VLESS 反向代理；该用户已省略</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump.py" />
      <source>VMess without encryption; "auto" is written</source>
      <translation>不加密的 VMess；已写入 "auto"</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump.py" />
      <source>WebSocket through another outbound</source>
      <translation>经由其他出站的 WebSocket</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump.py" />
      <source>Xray refuses VLESS without TLS to a public address</source>
      <translation>Xray 拒绝不带 TLS 连到公网地址的 VLESS</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump.py" />
      <source>bridge keys</source>
      <translation>桥接端密钥</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump.py" />
      <source>bridge keys; any bridge that knows the id may join</source>
      <translation>桥接端密钥；任何知道 ID 的桥接端都可接入</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump.py" />
      <source>bridges without visitors</source>
      <translation>没有访客的桥接端</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump.py" />
      <source>choice of how many links</source>
      <translation>链路数量的选择</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump.py" />
      <source>classic bridges and portals (v26.4.25 dropped them)</source>
      <translation>经典桥接端与入口端（v26.4.25 已移除）</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump.py" />
      <source>finalRules: it dials whatever it is asked for</source>
      <translation>finalRules：它会连接任何请求的目标</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump.py" />
      <source>headers of its own for a proxy</source>
      <translation>自定义代理请求头</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump.py" />
      <source>limits; they are left out</source>
      <translation>限制；已省略</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump.py" />
      <source>lists of ports; all but the first are left out</source>
      <translation>端口列表；只保留第一个</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump.py" />
      <source>more than {0}; that is written</source>
      <translation>超过 {0}；已按此写入</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump.py" />
      <source>negated addresses</source>
      <translation>地址取反</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump.py" />
      <source>parts of KiB; {0} is written</source>
      <translation>KiB 的小数；已写入 {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump.py" />
      <source>parts of seconds; {0} is written</source>
      <translation>秒的小数；已写入 {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump.py" />
      <source>patterns for users</source>
      <translation>用户名模式</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump.py" />
      <source>rules by HTTP header</source>
      <translation>按 HTTP 头的规则</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump.py" />
      <source>rules by local address</source>
      <translation>按本地地址的规则</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump.py" />
      <source>several addresses for a name; the first is written</source>
      <translation>一个域名的多个地址；已写入第一个</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump.py" />
      <source>the PROXY protocol on freedom</source>
      <translation>freedom 的 PROXY 协议</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump.py" />
      <source>tunnel inbounds without an address</source>
      <translation>没有地址的 tunnel 入站</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump.py" />
      <source>{0}; "{1}" is written</source>
      <translation>{0}；已写入 "{1}"</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump.py" />
      <source>{0}; the rule is left out</source>
      <translation>{0}；该规则已省略</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump_stream.py" />
      <source>choice of TLS versions, ciphers and unknown names</source>
      <translation>TLS 版本、加密套件和未知名称的选择</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump_stream.py" />
      <source>early data over WebSocket</source>
      <translation>WebSocket 早期数据</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump_stream.py" />
      <source>length of the queue for tcpFastOpen</source>
      <translation>tcpFastOpen 的队列长度</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump_stream.py" />
      <source>names to verify apart from serverName</source>
      <translation>与 serverName 不同的校验名称</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump_stream.py" />
      <source>pings over WebSocket</source>
      <translation>WebSocket ping</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump_stream.py" />
      <source>pins of this kind</source>
      <translation>这类指纹</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump_stream.py" />
      <source>routeOnly, metadataOnly and domainsExcluded</source>
      <translation>routeOnly、metadataOnly 和 domainsExcluded</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump_stream.py" />
      <source>sniffing of {0}</source>
      <translation>{0} 的嗅探</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump_stream.py" />
      <source>socket options other than mark, tcpFastOpen and acceptProxyProtocol</source>
      <translation>除 mark、tcpFastOpen、acceptProxyProtocol 以外的套接字选项</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/ids.py" />
      <source>is neither a UUID nor a text of 1 to 30 bytes</source>
      <translation>既不是 UUID，也不是 1 到 30 字节的文本</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>"host:port"; an empty part stays as it is</source>
      <translation>"主机:端口"；空的部分保持不变</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>"{0}" is no flow</source>
      <translation>“{0}”不是有效的 flow</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>"{0}" is no protocol</source>
      <translation>“{0}”不是协议</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>VLESS Encryption</source>
      <translation>VLESS Encryption</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>add one to accounts</source>
      <translation>请在 accounts 中添加</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>asks for a password, and there is no account</source>
      <translation>要求密码，但没有账户</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>every inbound needs a port to listen on</source>
      <translation>每个入站都需要监听端口</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>for example "0.0.0.0"</source>
      <translation>例如 "0.0.0.0"</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>has no place here</source>
      <translation>不应出现在这里</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>has no place on this side</source>
      <translation>这一端不应有它</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>is a name; only an address of this machine can be listened on</source>
      <translation>这是名称；只能监听本机的地址</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>is ignored: only the AEAD form is spoken</source>
      <translation>被忽略：只支持 AEAD 形式</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>is missing; xrgui takes it for none, Xray refuses it</source>
      <translation>缺失；xrgui 视为 none，Xray 会拒绝</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>is no target</source>
      <translation>不是目标</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>is noauth: accounts are not asked for</source>
      <translation>为 noauth：不会验证账户</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>it belongs to the bridge's outbound</source>
      <translation>它属于桥接端的出站</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>let a web server stand in front and hand the path of a ws inbound on</source>
      <translation>请在前面放一个网页服务器，把该路径转给 ws 入站</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>policy levels have connIdle</source>
      <translation>policy 级别中有 connIdle</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>ports that change by themselves</source>
      <translation>自动变换的端口</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>remove it</source>
      <translation>请删除</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>tunnel, vless, vmess, socks or http</source>
      <translation>tunnel、vless、vmess、socks 或 http</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>use "alterId": 0 on both sides</source>
      <translation>两端都用 "alterId": 0</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>use "always"</source>
      <translation>请用 "always"</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>use "flow": ""</source>
      <translation>请用 "flow": ""</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>use "flow": "" on both sides, with tls in streamSettings</source>
      <translation>两端都用 "flow": ""，并在 streamSettings 中用 tls</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>use "none", with tls in streamSettings</source>
      <translation>请用 "none"，并在 streamSettings 中用 tls</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>use socks or tunnel</source>
      <translation>请用 socks 或 tunnel</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>use socks, and point programs or a tun2socks at it</source>
      <translation>请用 socks，并让程序或 tun2socks 指向它</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>use socks; Telegram speaks it too</source>
      <translation>请用 socks；Telegram 也支持</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>use vless with tls, or vmess where there is no certificate</source>
      <translation>请用 vless 加 tls；没有证书则用 vmess</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>use vless with tls: it does the same with the same hiding</source>
      <translation>请用 vless 加 tls：功能和隐蔽性相同</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>write "auth": "password" to protect this port</source>
      <translation>请写 "auth": "password" 来保护此端口</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>write "decryption": "none"</source>
      <translation>请写 "decryption": "none"</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>{0} inbound</source>
      <translation>{0} 入站</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/jsonc.py" />
      <source>Extra data</source>
      <translation>多余的内容</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/jsonc.py" />
      <source>a colon is expected here</source>
      <translation>此处应为冒号</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/jsonc.py" />
      <source>a comma or the closing bracket is expected here</source>
      <translation>此处应为逗号或右括号</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/jsonc.py" />
      <source>a comma with nothing behind it</source>
      <translation>逗号后面没有内容</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/jsonc.py" />
      <source>a comment that never ends</source>
      <translation>注释没有结束</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/jsonc.py" />
      <source>a name in double quotes is expected here</source>
      <translation>此处应为双引号中的名称</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/jsonc.py" />
      <source>a value is expected here</source>
      <translation>此处应为一个值</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/jsonc.py" />
      <source>an empty configuration is {{}}</source>
      <translation>空配置是 {{}}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/jsonc.py" />
      <source>close it with */</source>
      <translation>请用 */ 结束</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/jsonc.py" />
      <source>is nested too deeply</source>
      <translation>嵌套太深</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/jsonc.py" />
      <source>is no JSON: {0}</source>
      <translation>不是 JSON：{0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/jsonc.py" />
      <source>is there a bracket too many, or a comma missing?</source>
      <translation>是否多了括号，或少了逗号？</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/jsonc.py" />
      <source>texts stand in double quotes</source>
      <translation>文本要放在双引号中</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/jsonc.py" />
      <source>the file ends too early: is a closing bracket missing?</source>
      <translation>文件过早结束：是否缺少右括号？</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/jsonc.py" />
      <source>the file is empty</source>
      <translation>文件为空</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/jsonc.py" />
      <source>there is something behind the end of the configuration</source>
      <translation>配置结束后还有内容</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/jsonc.py" />
      <source>{0} is no number in JSON</source>
      <translation>{0} 不是 JSON 中的数字</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/load.py" />
      <source>a number in quotes, such as "0"</source>
      <translation>带引号的数字，如 "0"</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/load.py" />
      <source>addresses stand in the log in full</source>
      <translation>日志中的地址是完整的</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/load.py" />
      <source>an object in {{ }} is expected</source>
      <translation>应为 {{ }} 中的对象</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/load.py" />
      <source>are ignored: names are resolved by the system</source>
      <translation>被忽略：域名由系统解析</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/load.py" />
      <source>cannot be read: {0}</source>
      <translation>无法读取：{0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/load.py" />
      <source>fake DNS</source>
      <translation>假 DNS</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/load.py" />
      <source>is ignored: xrgui has a control socket of its own</source>
      <translation>被忽略：xrgui 有自己的控制套接字</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/load.py" />
      <source>is no level</source>
      <translation>不是级别</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/load.py" />
      <source>is no text in UTF-8</source>
      <translation>不是 UTF-8 文本</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/load.py" />
      <source>is {0}, not a configuration</source>
      <translation>是{0}，不是配置</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/load.py" />
      <source>no configuration file was named</source>
      <translation>没有指定配置文件</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/load.py" />
      <source>remove it, with its inbound and rule</source>
      <translation>请连同它的入站和规则一起删除</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/load.py" />
      <source>save it as UTF-8</source>
      <translation>请保存为 UTF-8</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/load.py" />
      <source>stream settings for all at once</source>
      <translation>对所有项统一的流设置</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/load.py" />
      <source>write ["localhost"] or nothing</source>
      <translation>请写 ["localhost"] 或留空</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/load.py" />
      <source>write streamSettings in each inbound and outbound</source>
      <translation>请在每个入站和出站中写 streamSettings</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/load.py" />
      <source>xrgui run -c FILE</source>
      <translation>xrgui run -c FILE</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/merge.py" />
      <source>give both a tag to keep both</source>
      <translation>若要都保留，请给两者都加标签</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/merge.py" />
      <source>has no tag and takes the place of one without a tag in {0}</source>
      <translation>没有标签，取代了 {0} 中另一个没有标签的项</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>"allow" or "block"</source>
      <translation>"allow" 或 "block"</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>"host:port", or ":port" to keep the host</source>
      <translation>"主机:端口"，或用 ":端口" 保留主机</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>and sockopt.dialerProxy are both set</source>
      <translation>与 sockopt.dialerProxy 同时设置</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>finalRules took its place</source>
      <translation>已由 finalRules 取代</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>for example "30-90"</source>
      <translation>例如 "30-90"</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>freedom, blackhole, vless, vmess, socks or http</source>
      <translation>freedom、blackhole、vless、vmess、socks 或 http</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>is ignored: the far end resolves names</source>
      <translation>被忽略：域名由另一端解析</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>is no IP address</source>
      <translation>不是 IP 地址</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>is no range of seconds</source>
      <translation>不是秒数范围</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>is not sent: a portal takes a link without it</source>
      <translation>不会发送：入口端不需要它</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>let a rule name the other outbound directly</source>
      <translation>请让规则直接指定另一个出站</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>let names be resolved by the system; dns.hosts sets single ones</source>
      <translation>域名交给系统解析；个别域名写在 dns.hosts</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>names several servers</source>
      <translation>列出了多个服务器</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>names several users</source>
      <translation>列出了多个用户</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>one user with its id</source>
      <translation>一个带 ID 的用户</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>random or borrowed source addresses</source>
      <translation>随机或借用的源地址</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>remove it; traffic then leaves undisguised</source>
      <translation>请删除；流量将不加伪装</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>stands beside vnext, where Xray ignores it</source>
      <translation>与 vnext 并列，Xray 会忽略它</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>templates in headers</source>
      <translation>请求头中的模板</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>the host name or IP address of the server</source>
      <translation>服务器的主机名或 IP 地址</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>the port of the server, 1 to 65535</source>
      <translation>服务器端口，1 到 65535</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>use socks</source>
      <translation>请用 socks</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>use the flat form</source>
      <translation>请用扁平写法</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>use vless with tls</source>
      <translation>请用 vless 加 tls</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>write "encryption": "none"</source>
      <translation>请写 "encryption": "none"</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>write one IP address of this machine</source>
      <translation>请写本机的一个 IP 地址</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>write one outbound for each</source>
      <translation>请为每个服务器写一个出站</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>write the flat form: address, port, id, reverse</source>
      <translation>请用扁平写法：address、port、id、reverse</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>write the value itself</source>
      <translation>请直接写值</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>{0} outbound</source>
      <translation>{0} 出站</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/ports.py" />
      <source>a program</source>
      <translation>某个程序</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/ports.py" />
      <source>port {0} cannot be listened on: {1}</source>
      <translation>无法监听端口 {0}：{1}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/ports.py" />
      <source>port {0} needs more rights than this user has</source>
      <translation>监听端口 {0} 需要更高的权限</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/ports.py" />
      <source>this machine has no address {0}</source>
      <translation>本机没有地址 {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/ports.py" />
      <source>{0} port {1} is taken</source>
      <translation>{0} 端口 {1} 已被占用</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/ports.py" />
      <source>{0} port {1} is taken by {2}</source>
      <translation>{0} 端口 {1} 被 {2} 占用</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/routing.py" />
      <source>"AsIs", "IPIfNonMatch" or "IPOnDemand"</source>
      <translation>"AsIs"、"IPIfNonMatch" 或 "IPOnDemand"</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/routing.py" />
      <source>"{0}" is no kind of rule</source>
      <translation>“{0}”不是规则类型</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/routing.py" />
      <source>give several bridges one reverse tag or portal: the least loaded link is taken</source>
      <translation>让多个桥接端共用一个 reverse 标签或入口端：会选用负载最轻的链路</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/routing.py" />
      <source>has no condition</source>
      <translation>没有条件</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/routing.py" />
      <source>is no strategy that is known; taken for AsIs</source>
      <translation>未知的策略；按 AsIs 处理</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/routing.py" />
      <source>name one outbound in outboundTag</source>
      <translation>请在 outboundTag 中写一个出站</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/routing.py" />
      <source>remove it, or sort by inboundTag, user, ip or domain</source>
      <translation>请删除，或按 inboundTag、user、ip 或 domain 区分</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/routing.py" />
      <source>rule by local process</source>
      <translation>按本地程序的规则</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/routing.py" />
      <source>rule by operating system</source>
      <translation>按操作系统的规则</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/routing.py" />
      <source>rule by the route bytes of a VLESS id</source>
      <translation>按 VLESS ID 路由字节的规则</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/routing.py" />
      <source>rule of this kind</source>
      <translation>这类规则</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/routing.py" />
      <source>rules in Starlark</source>
      <translation>Starlark 规则</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/routing.py" />
      <source>the tag of the outbound that takes what matches</source>
      <translation>处理匹配连接的出站标签</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/routing.py" />
      <source>to match everything write "network": "tcp,udp"</source>
      <translation>要匹配一切，请写 "network": "tcp,udp"</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/routing.py" />
      <source>use "field"</source>
      <translation>请用 "field"</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/routing.py" />
      <source>write an object: {{":method": "GET"}}</source>
      <translation>请写成对象：{{":method": "GET"}}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/routing.py" />
      <source>xrgui sends no notifications over HTTP</source>
      <translation>xrgui 不通过 HTTP 发送通知</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>"http", "tls" or "quic"</source>
      <translation>"http"、"tls" 或 "quic"</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>"{0}" is ignored: xrgui has no fake DNS</source>
      <translation>“{0}”被忽略：xrgui 没有假 DNS</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>"{0}" is nothing to sniff</source>
      <translation>“{0}”无法嗅探</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>64 hexadecimal digits (`xrgui cert` prints them)</source>
      <translation>64 位十六进制数字（`xrgui cert` 会输出）</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>XTLS is gone, from Xray too</source>
      <translation>XTLS 已不存在，Xray 也没有了</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>both negative: off</source>
      <translation>都为负数表示关闭</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>certificates made on the fly</source>
      <translation>即时生成的证书</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>disguise for raw connections</source>
      <translation>raw 连接的伪装</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>holds something that is no SHA-256</source>
      <translation>其中有不是 SHA-256 的内容</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>is ignored: xrgui says hello in its own way, not as a browser</source>
      <translation>被忽略：xrgui 用自己的方式握手，不模仿浏览器</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>make one with `xrgui cert`</source>
      <translation>用 `xrgui cert` 生成一个</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>pin of this kind</source>
      <translation>这类指纹</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>put the certificate's SHA-256 into pinnedPeerCertSha256 (`xrgui cert` prints it)</source>
      <translation>请把证书的 SHA-256 写入 pinnedPeerCertSha256（`xrgui cert` 会输出）</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>remove it on both sides</source>
      <translation>请在两端都删除</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>remove it: the server name is then visible on the way</source>
      <translation>请删除；服务器名称会在途中可见</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>tcpKeepAliveIdle and tcpKeepAliveInterval have different signs</source>
      <translation>tcpKeepAliveIdle 与 tcpKeepAliveInterval 的正负号不同</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>the TLS library chooses the curves</source>
      <translation>曲线由 TLS 库选择</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>use "none", or ws to pass an HTTP proxy</source>
      <translation>请用 "none"，要通过 HTTP 代理则用 ws</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>use "redirect" with followRedirect</source>
      <translation>请用 "redirect" 加 followRedirect</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>use pinnedPeerCertSha256</source>
      <translation>请用 pinnedPeerCertSha256</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>use raw with TLS</source>
      <translation>请用 raw 加 TLS</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>use raw with TLS; Xray has dropped this transport too</source>
      <translation>请用 raw 加 TLS；Xray 也已移除此传输方式</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>use raw, and the socket's path as the inbound's listen</source>
      <translation>请用 raw，并把套接字路径写在入站的 listen 中</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>use tls</source>
      <translation>请用 tls</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>use tls with a certificate of your own, pinned by pinnedPeerCertSha256</source>
      <translation>请用 tls 加自己的证书，并用 pinnedPeerCertSha256 固定</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>use ws, which passes the same CDNs and reverse proxies</source>
      <translation>请用 ws，它能通过同样的 CDN 和反向代理</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>use ws: it differs in its framing alone</source>
      <translation>请用 ws：只是帧格式不同</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>use ws; Xray has dropped this transport too</source>
      <translation>请用 ws；Xray 也已移除此传输方式</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>would accept any certificate, an attacker's too; neither xrgui nor Xray does that any more</source>
      <translation>会接受任何证书，包括攻击者的；xrgui 和 Xray 都不再这样做</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>xrgui asks for no SRV or TXT records</source>
      <translation>xrgui 不查询 SRV 或 TXT 记录</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>xrgui has no such option</source>
      <translation>xrgui 没有这个选项</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>xrgui leaves it to the system</source>
      <translation>xrgui 交给系统处理</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>xrgui sniffs whatever the address</source>
      <translation>无论地址如何，xrgui 都会嗅探</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>xrgui writes no keys to files</source>
      <translation>xrgui 不把密钥写入文件</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>{0} transport</source>
      <translation>{0} 传输方式</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/written.py" />
      <source>{0} has no {1}</source>
      <translation>{0} 没有 {1}</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/dialer.py" />
      <source>closed before it stood</source>
      <translation>建立之前已关闭</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/dialer.py" />
      <source>the outbound {0} that leads there is gone</source>
      <translation>通往那里的出站 {0} 已不存在</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/errors.py" />
      <source>no answer</source>
      <translation>没有响应</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/errors.py" />
      <source>timed out</source>
      <translation>超时</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/leaving.py" />
      <source>its part of the configuration was changed</source>
      <translation>相关配置已更改</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/limits.py" />
      <source>there are {0} connections already</source>
      <translation>已有 {0} 个连接</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/limits.py" />
      <source>{0} has {1} connections already</source>
      <translation>{0} 已有 {1} 个连接</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/memory.py" />
      <source>memory is short, and this one holds much for long</source>
      <translation>内存不足，而此连接长期占用较多</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/mux/brake.py" />
      <source>reads too slowly for a peer without flow control</source>
      <translation>对没有流量控制的一端来说读取太慢</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/mux/connection.py" />
      <source>a Mux.cool frame has the unknown status {0}</source>
      <translation>Mux.cool 帧的状态 {0} 未知</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/mux/connection.py" />
      <source>a Mux.cool frame says that its metadata has {0} bytes</source>
      <translation>Mux.cool 帧声称元数据有 {0} 字节</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/mux/extension.py" />
      <source>an extension message of type {0} is too short</source>
      <translation>类型为 {0} 的扩展消息太短</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/mux/extension.py" />
      <source>the peer's HELLO has no usable window or instance</source>
      <translation>对端的 HELLO 没有可用的窗口或实例</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/mux/extension.py" />
      <source>the peer's HELLO is cut short</source>
      <translation>对端的 HELLO 不完整</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/mux/frames.py" />
      <source>a Mux.cool frame ends inside its address</source>
      <translation>Mux.cool 帧在地址中间中断</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/mux/frames.py" />
      <source>a Mux.cool frame names the unknown network {0}</source>
      <translation>Mux.cool 帧的网络 {0} 未知</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/mux/health.py" />
      <source>the other end of the link has been silent for {0} s</source>
      <translation>链路另一端已 {0} 秒无回应</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/mux/health.py" />
      <source>the other end of the link reads but has not answered for {0} s</source>
      <translation>链路另一端在读取，但已 {0} 秒没有响应</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/mux/link_writer.py" />
      <source>the peer does not read the answers that it asks for</source>
      <translation>对端不读取它请求的响应</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/mux/resumption.py" />
      <source>it ended while the link was away</source>
      <translation>链路中断期间已结束</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/mux/resumption.py" />
      <source>the link did not come back in time</source>
      <translation>链路没有及时恢复</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/mux/resumption.py" />
      <source>the other end was started anew</source>
      <translation>另一端已重新启动</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/mux/resumption.py" />
      <source>the tunnel was stopped</source>
      <translation>隧道已停止</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/mux/resumption.py" />
      <source>the two ends do not agree on what was received</source>
      <translation>两端对已收到的内容不一致</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/mux/substream.py" />
      <source>the peer sent more than it was granted</source>
      <translation>对端发送的超过允许的量</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/mux/worker.py" />
      <source>the link takes no more sub-connections</source>
      <translation>链路不再接受新连接</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/mux/worker.py" />
      <source>the link to the other end is gone</source>
      <translation>与另一端的链路已断开</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/mux/worker.py" />
      <source>the other end closed it</source>
      <translation>另一端已关闭</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/mux/worker.py" />
      <source>the peer used the id again</source>
      <translation>对端重复使用了编号</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/mux/worker.py" />
      <source>the peer's FIN does not fit what it sent</source>
      <translation>对端的 FIN 与其发送的内容不符</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/outbound/blackhole.py" />
      <source>{0} is blocked (outbound {1})</source>
      <translation>{0} 已被阻止（出站 {1}）</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/outbound/final_rules.py" />
      <source>finalRules entry #{0} blocks it</source>
      <translation>被第 {0} 条 finalRules 阻止</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/outbound/final_rules.py" />
      <source>it is a private address and no finalRules entry allows it</source>
      <translation>这是私有地址，没有 finalRules 条目允许它</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/outbound/final_rules.py" />
      <source>no finalRules entry allows it</source>
      <translation>没有 finalRules 条目允许它</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/outbound/freedom.py" />
      <source>{0} is no address</source>
      <translation>{0} 不是地址</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/outbound/freedom.py" />
      <source>{0}: {1} (outbound {2})</source>
      <translation>{0}：{1}（出站 {2}）</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/outbound/http.py" />
      <source>an HTTP proxy carries no UDP (outbound {0})</source>
      <translation>HTTP 代理不承载 UDP（出站 {0}）</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/outbound/mux.py" />
      <source>the outbound was stopped</source>
      <translation>出站已停止</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/outbound/packets.py" />
      <source>this host</source>
      <translation>本机</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/outbound/packets.py" />
      <source>{0} cannot reach addresses of its family</source>
      <translation>{0} 无法到达这类地址</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/outbound/vless.py" />
      <source>it does not know this id</source>
      <translation>它不认识此 ID</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/outbound/vless.py" />
      <source>it does not know this id, or cannot reach the target</source>
      <translation>它不认识此 ID，或无法到达目标</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/outbound/vless.py" />
      <source>it does not know this id, or this user has no reverse tag there</source>
      <translation>它不认识此 ID，或该用户在那里没有 reverse 标签</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/outbound/vless.py" />
      <source>{0} closed the link right after the request: {1}</source>
      <translation>{0} 在请求后立即关闭了链路：{1}</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/outbound/vmess.py" />
      <source>it does not know this id, its clock is more than 2 minutes off ours, or it cannot reach the target</source>
      <translation>它不认识此 ID、时钟与本机相差超过 2 分钟，或无法到达目标</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/proxy_client.py" />
      <source>the proxy closed the connection</source>
      <translation>代理关闭了连接</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/resolver.py" />
      <source>{0} has no address that {1} allows</source>
      <translation>{0} 没有 {1} 允许的地址</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/resolver.py" />
      <source>{0} is not a host name</source>
      <translation>{0} 不是主机名</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/resolver.py" />
      <source>{0} is switched off in dns.hosts</source>
      <translation>{0} 已在 dns.hosts 中停用</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/reverse/bridge.py" />
      <source>its owner has yet to approve the key {0}</source>
      <translation>所有者尚未批准密钥 {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/reverse/bridge.py" />
      <source>its owner lets nobody in without a bridge key, and there is none here</source>
      <translation>所有者不允许没有桥接端密钥者接入，而这里没有</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/reverse/bridge.py" />
      <source>the bridge was stopped</source>
      <translation>桥接端已停止</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/reverse/bridge.py" />
      <source>the link to {0} is down{1}</source>
      <translation>与 {0} 的链路已断开{1}</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/reverse/bridge.py" />
      <source>the portal closed the link</source>
      <translation>入口端关闭了链路</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/reverse/bridge.py" />
      <source>{0} carries nobody yet: {1}</source>
      <translation>{0} 尚未承载任何访客：{1}</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/reverse/bridge.py" />
      <source>{0} opens nothing for us: this needs xrgui at the other end</source>
      <translation>{0} 不为我们开放任何端口：另一端需要是 xrgui</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/reverse/bridge_link.py" />
      <source>the server took the connection but does not answer as a portal</source>
      <translation>服务器接受了连接，但没有作为入口端响应</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/reverse/bridge_link.py" />
      <source>there are enough links without it</source>
      <translation>链路已经足够</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/reverse/portal.py" />
      <source>no bridge is connected to the portal {0}</source>
      <translation>没有桥接端连接到入口端 {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/reverse/portal.py" />
      <source>no key</source>
      <translation>没有密钥</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/reverse/portal.py" />
      <source>the bridge of the portal {0} does not answer</source>
      <translation>入口端 {0} 的桥接端没有响应</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/reverse/portal.py" />
      <source>the bridge's key is not approved</source>
      <translation>桥接端的密钥未获批准</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/reverse/portal.py" />
      <source>the inbound of this link was stopped</source>
      <translation>此链路的入站已停止</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/reverse/portal.py" />
      <source>the key {0}, which is not approved</source>
      <translation>密钥 {0} 未获批准</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/reverse/portal.py" />
      <source>the portal was stopped</source>
      <translation>入口端已停止</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/reverse/portal.py" />
      <source>the portal's owner has not approved this bridge's key yet</source>
      <translation>入口端的所有者尚未批准此桥接端的密钥</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/reverse/portal.py" />
      <source>too many bridges wait for approval</source>
      <translation>等待批准的桥接端太多</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/__init__.py" />
      <source>no answer in {0} seconds</source>
      <translation>{0} 秒内没有响应</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/handshake.py" />
      <source>closed during the handshake</source>
      <translation>握手期间被关闭</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/handshake.py" />
      <source>no answer to the handshake</source>
      <translation>握手没有响应</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/sockets.py" />
      <source>another program</source>
      <translation>另一个程序</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/sockets.py" />
      <source>cannot listen on {0}: not an IP address of this host</source>
      <translation>无法监听 {0}：不是本机的 IP 地址</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/sockets.py" />
      <source>cannot listen on {0}: ports below 1024 need more rights</source>
      <translation>无法监听 {0}：1024 以下的端口需要更高权限</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/sockets.py" />
      <source>cannot listen on {0}: this host has no such address</source>
      <translation>无法监听 {0}：本机没有这个地址</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/sockets.py" />
      <source>cannot listen on {0}: {1}</source>
      <translation>无法监听 {0}：{1}</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/sockets.py" />
      <source>no port is free on both IPv4 and IPv6</source>
      <translation>没有在 IPv4 和 IPv6 上都空闲的端口</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/sockets.py" />
      <source>sockopt.{0} is not available on this system</source>
      <translation>此系统不支持 sockopt.{0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/sockets.py" />
      <source>sockopt.{0}: {1}</source>
      <translation>sockopt.{0}：{1}</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/sockets.py" />
      <source>this system has no unix sockets</source>
      <translation>此系统没有 unix 套接字</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/sockets.py" />
      <source>{0} in {1} is no octal file mode</source>
      <translation>{1} 中的 {0} 不是八进制文件权限</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/sockets.py" />
      <source>{0} is taken by {1}</source>
      <translation>{0} 被 {1} 占用</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tcp.py" />
      <source>connection refused</source>
      <translation>连接被拒绝</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tcp.py" />
      <source>connection reset</source>
      <translation>连接被重置</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tcp.py" />
      <source>host unreachable</source>
      <translation>主机不可达</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tcp.py" />
      <source>name not found</source>
      <translation>找不到域名</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tcp.py" />
      <source>network unreachable</source>
      <translation>网络不可达</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tcp.py" />
      <source>no address of the family of {0}</source>
      <translation>没有与 {0} 同类的地址</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tcp.py" />
      <source>no such socket</source>
      <translation>没有这个套接字</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tcp.py" />
      <source>not a valid host name</source>
      <translation>主机名无效</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tcp.py" />
      <source>out of file descriptors</source>
      <translation>文件描述符已用尽</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tcp.py" />
      <source>the name has no address for {0}</source>
      <translation>该域名没有 {0} 的地址</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tcp.py" />
      <source>the name server does not answer</source>
      <translation>域名服务器没有响应</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tcp.py" />
      <source>this host has no such local address</source>
      <translation>本机没有这个本地地址</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls.py" />
      <source>cut off: TLS was not closed</source>
      <translation>中断：TLS 未正常关闭</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_chain.py" />
      <source>an issuer that is no CA</source>
      <translation>签发者不是 CA</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_chain.py" />
      <source>the certificate cannot be read: {0}</source>
      <translation>无法读取证书：{0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_chain.py" />
      <source>the certificate does not hold under the pinned CA for {0}: {1}</source>
      <translation>证书未通过固定 CA 对 {0} 的校验：{1}</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_context.py" />
      <source>TLS needs a certificate to show: `xrgui cert` makes one</source>
      <translation>TLS 需要证书：用 `xrgui cert` 生成</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_context.py" />
      <source>TLS over a unix socket needs serverName</source>
      <translation>unix 套接字上的 TLS 需要 serverName</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_context.py" />
      <source>certificate file {0}: {1}</source>
      <translation>证书文件 {0}：{1}</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_context.py" />
      <source>none of cipherSuites is known: {0}</source>
      <translation>cipherSuites 中没有已知的套件：{0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_context.py" />
      <source>the certificate in the configuration</source>
      <translation>配置中的证书</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_context.py" />
      <source>{0} and its key do not belong together</source>
      <translation>{0} 与其密钥不匹配</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_context.py" />
      <source>{0} comes without a key</source>
      <translation>{0} 没有密钥</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_context.py" />
      <source>{0} holds no certificate in PEM</source>
      <translation>{0} 不含 PEM 证书</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_context.py" />
      <source>{0} or its key is not in PEM, or the key is locked by a passphrase</source>
      <translation>{0} 或其密钥不是 PEM，或密钥被口令锁定</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_verify.py" />
      <source>no name at all</source>
      <translation>没有任何名称</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_verify.py" />
      <source>the certificate is not for {0}, but for {1}</source>
      <translation>证书不属于 {0}，而属于 {1}</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_verify.py" />
      <source>the certificate is not the pinned one: expected {0}, seen {1}</source>
      <translation>证书不是固定的那个：预期 {0}，实际 {1}</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_verify.py" />
      <source>the server showed no certificate</source>
      <translation>服务器没有出示证书</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_words.py" />
      <source>no TLS version suits both ends</source>
      <translation>没有两端都支持的 TLS 版本</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_words.py" />
      <source>no cipher suits both ends</source>
      <translation>没有两端都支持的加密套件</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_words.py" />
      <source>no cipher, version or certificate suits both ends</source>
      <translation>没有两端都适用的加密套件、版本或证书</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_words.py" />
      <source>the certificate has expired</source>
      <translation>证书已过期</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_words.py" />
      <source>the certificate is for another address</source>
      <translation>证书属于另一个地址</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_words.py" />
      <source>the certificate is for another name</source>
      <translation>证书属于另一个名称</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_words.py" />
      <source>the certificate is not valid yet (is the clock right?)</source>
      <translation>证书尚未生效（时钟准确吗？）</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_words.py" />
      <source>the certificate is self-signed: pin it (pinnedPeerCertSha256) to accept it</source>
      <translation>证书是自签名的：请固定它（pinnedPeerCertSha256）以接受</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_words.py" />
      <source>the certificate's issuer is a private one: add it (usage verify) or pin it (pinnedPeerCertSha256)</source>
      <translation>证书由私有机构签发：请添加它（usage verify）或固定证书（pinnedPeerCertSha256）</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_words.py" />
      <source>the certificate's issuer is not known: add it (usage verify) or pin it (pinnedPeerCertSha256)</source>
      <translation>证书签发者未知：请添加它（usage verify）或固定证书（pinnedPeerCertSha256）</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_words.py" />
      <source>the certificate: {0}</source>
      <translation>证书：{0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_words.py" />
      <source>the peer does not accept the certificate</source>
      <translation>对端不接受证书</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_words.py" />
      <source>the peer does not know the certificate's issuer</source>
      <translation>对端不认识证书的签发者</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_words.py" />
      <source>the peer does not speak TLS</source>
      <translation>对端不使用 TLS</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_words.py" />
      <source>the peer says that the certificate has expired</source>
      <translation>对端称证书已过期</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_words.py" />
      <source>the server asks for a client certificate</source>
      <translation>服务器要求客户端证书</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_words.py" />
      <source>the server has no certificate for this name</source>
      <translation>服务器没有此名称的证书</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_words.py" />
      <source>the server knows none of the ALPN protocols</source>
      <translation>服务器不支持任何 ALPN 协议</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/websocket.py" />
      <source>a WebSocket cannot be closed by halves</source>
      <translation>WebSocket 不能半关闭</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/websocket.py" />
      <source>answered {0}</source>
      <translation>响应：{0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/websocket.py" />
      <source>cut off: the WebSocket was not closed</source>
      <translation>中断：WebSocket 未正常关闭</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/wire/vless.py" />
      <source>malformed VLESS addons</source>
      <translation>VLESS 附加数据有误</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/wire/vless.py" />
      <source>the answer is not VLESS: is this the right port and transport?</source>
      <translation>响应不是 VLESS：端口和传输方式对吗？</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/wire/vless.py" />
      <source>unknown VLESS command {0}</source>
      <translation>未知的 VLESS 命令 {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/wire/vless.py" />
      <source>version {0} is no VLESS request</source>
      <translation>版本 {0} 不是 VLESS 请求</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/wire/vmess.py" />
      <source>a VMess header does not decrypt</source>
      <translation>VMess 头无法解密</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/wire/vmess.py" />
      <source>malformed VMess header</source>
      <translation>VMess 头有误</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/wire/vmess.py" />
      <source>the VMess response belongs to another request</source>
      <translation>VMess 响应属于另一个请求</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/wire/vmess.py" />
      <source>the peer's clock is {0} s {1}; VMess allows {2} s: set both clocks</source>
      <translation>对端时钟相差 {0} 秒（{1}）；VMess 允许 {2} 秒：请校准两端时钟</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/wire/vmess.py" />
      <source>the request was sent before: a replay</source>
      <translation>该请求已发送过：重放</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/wire/vmess.py" />
      <source>unknown user id</source>
      <translation>未知的用户 ID</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/wire/vmess.py" />
      <source>unsupported VMess security {0} or command {1}</source>
      <translation>不支持 VMess 加密方式 {0} 或命令 {1}</translation>
    </message>
    <message>
      <location filename="../../xrgui/links/base64text.py" />
      <source>not base64: {0}</source>
      <translation>不是 base64：{0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/links/model.py" />
      <source>Encrypted Client Hello</source>
      <translation>Encrypted Client Hello</translation>
    </message>
    <message>
      <location filename="../../xrgui/links/model.py" />
      <source>Shadowsocks plugins</source>
      <translation>Shadowsocks 插件</translation>
    </message>
    <message>
      <location filename="../../xrgui/links/model.py" />
      <source>TLS without checking the certificate (pin it instead)</source>
      <translation>不检查证书的 TLS（请改为固定证书）</translation>
    </message>
    <message>
      <location filename="../../xrgui/links/model.py" />
      <source>VMess security {0}</source>
      <translation>VMess 加密方式 {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/links/model.py" />
      <source>header type {0}</source>
      <translation>{0} 类型的头</translation>
    </message>
    <message>
      <location filename="../../xrgui/links/model.py" />
      <source>its %-escapes are not UTF-8 text</source>
      <translation>其中的 % 转义不是 UTF-8 文本</translation>
    </message>
    <message>
      <location filename="../../xrgui/links/model.py" />
      <source>security {0}</source>
      <translation>安全层 {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/links/model.py" />
      <source>transport {0}</source>
      <translation>传输方式 {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/links/model.py" />
      <source>{0} is neither a host name nor an IP address</source>
      <translation>{0} 既不是主机名也不是 IP 地址</translation>
    </message>
    <message>
      <location filename="../../xrgui/links/model.py" />
      <source>{0} is not a SHA-256 digest in hex (64 digits)</source>
      <translation>{0} 不是 SHA-256（64 位十六进制数字）</translation>
    </message>
    <message>
      <location filename="../../xrgui/links/model.py" />
      <source>{0} is not a number from 1 to 65535</source>
      <translation>{0} 不是 1 到 65535 之间的数字</translation>
    </message>
    <message>
      <location filename="../../xrgui/links/outbound.py" />
      <source>VMess cannot carry VLESS reverse: use the classic dialect with a tunnel domain</source>
      <translation>VMess 不能承载 VLESS 反向代理：请用带隧道域名的经典方式</translation>
    </message>
    <message>
      <location filename="../../xrgui/links/outbound.py" />
      <source>carries a whole profile, not one server: import it instead</source>
      <translation>包含整个配置，而不是一台服务器：请导入它</translation>
    </message>
    <message>
      <location filename="../../xrgui/links/outbound.py" />
      <source>needs what xrgui lacks: {0}</source>
      <translation>需要 xrgui 不支持的功能：{0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/links/text.py" />
      <source>does not begin with one of {0}</source>
      <translation>不以下列之一开头：{0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/links/text.py" />
      <source>holds characters that are no valid text</source>
      <translation>含有无效字符</translation>
    </message>
    <message>
      <location filename="../../xrgui/links/text.py" />
      <source>is longer than {0} KiB</source>
      <translation>超过 {0} KiB</translation>
    </message>
    <message>
      <location filename="../../xrgui/links/uri.py" />
      <source>appears twice with different values</source>
      <translation>出现两次且值不同</translation>
    </message>
    <message>
      <location filename="../../xrgui/links/uri.py" />
      <source>is missing (host:port is needed)</source>
      <translation>缺失（需要 主机:端口）</translation>
    </message>
    <message>
      <location filename="../../xrgui/links/uri.py" />
      <source>is missing (the part before @)</source>
      <translation>缺失（@ 之前的部分）</translation>
    </message>
    <message>
      <location filename="../../xrgui/links/uri.py" />
      <source>is not base64 of readable text</source>
      <translation>不是可读文本的 base64</translation>
    </message>
    <message>
      <location filename="../../xrgui/links/uri.py" />
      <source>only xrgui://import?… is known</source>
      <translation>只支持 xrgui://import?…</translation>
    </message>
    <message>
      <location filename="../../xrgui/links/uri.py" />
      <source>the part before @ must hold method:password</source>
      <translation>@ 之前应为 加密方式:密码</translation>
    </message>
    <message>
      <location filename="../../xrgui/links/uri.py" />
      <source>this link needs a newer xrgui (only version 1 is known)</source>
      <translation>此链接需要更新的 xrgui（只支持版本 1）</translation>
    </message>
    <message>
      <location filename="../../xrgui/links/vmess.py" />
      <source>is neither base64 of JSON nor id@host:port</source>
      <translation>既不是 JSON 的 base64，也不是 id@主机:端口</translation>
    </message>
    <message>
      <location filename="../../xrgui/links/vmess.py" />
      <source>its base64 text holds no JSON object</source>
      <translation>base64 文本中没有 JSON 对象</translation>
    </message>
    <message>
      <location filename="../../xrgui/matching.py" />
      <source>{0} is no IP address or network: write it as 192.0.2.1 or 192.0.2.0/24</source>
      <translation>{0} 不是 IP 地址或网段：请写成 192.0.2.1 或 192.0.2.0/24</translation>
    </message>
    <message>
      <location filename="../../xrgui/matching.py" />
      <source>{0} is no regular expression: {1}</source>
      <translation>{0} 不是正则表达式：{1}</translation>
    </message>
    <message>
      <location filename="../../xrgui/matching.py" />
      <source>{0} names no domain</source>
      <translation>{0} 不是域名</translation>
    </message>
    <message>
      <location filename="../../xrgui/matching.py" />
      <source>{0}-{1} is no range of ports: write the smaller of 0 to 65535 first</source>
      <translation>{0}-{1} 不是端口范围：请先写较小的，范围 0 到 65535</translation>
    </message>
    <message>
      <location filename="../../xrgui/matching.py" />
      <source>{0}: a name without dots cannot contain one</source>
      <translation>{0}：不含点的名称里不能有点</translation>
    </message>
    <message>
      <location filename="../../xrgui/matching.py" />
      <source>{0}: lists are not supported: write the names, as domain:example.com</source>
      <translation>{0}：不支持列表：请写域名，如 domain:example.com</translation>
    </message>
    <message>
      <location filename="../../xrgui/matching.py" />
      <source>{0}: lists are not supported: write the networks, as 192.0.2.0/24, or geoip:private</source>
      <translation>{0}：不支持列表：请写网段，如 192.0.2.0/24，或 geoip:private</translation>
    </message>
    <message>
      <location filename="../../xrgui/matching.py" />
      <source>{0}: the prefix length must be a number from 0 to {1}</source>
      <translation>{0}：前缀长度应为 0 到 {1} 之间的数字</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/backup.py" />
      <source>cannot be opened: {0}</source>
      <translation>无法打开：{0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/backup.py" />
      <source>holds no list of profiles</source>
      <translation>没有配置列表</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/backup.py" />
      <source>was written by a newer xrgui</source>
      <translation>由更新版本的 xrgui 写入</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/certificates.py" />
      <source>this is no certificate in PEM form</source>
      <translation>不是 PEM 格式的证书</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/document.py" />
      <source>could not be brought from schema {0} to {1}: {2}</source>
      <translation>无法从结构版本 {0} 升级到 {1}：{2}</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/document.py" />
      <source>has no schema version</source>
      <translation>没有结构版本</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/document.py" />
      <source>is not JSON: {0}</source>
      <translation>不是 JSON：{0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/document.py" />
      <source>is not a JSON object</source>
      <translation>不是 JSON 对象</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/document.py" />
      <source>is not a profile: {0}</source>
      <translation>不是有效的配置：{0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/document.py" />
      <source>was written by a newer xrgui (schema {0}, this one knows {1})</source>
      <translation>由更新版本的 xrgui 写入（结构版本 {0}，本程序只认识 {1}）</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/files.py" />
      <source>another program holds {0}: close it, or try again</source>
      <translation>另一个程序占用了 {0}：请关闭它，或重试</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/files.py" />
      <source>{0} could not be {1}: {2}. What was there is unchanged.</source>
      <translation>无法{1} {0}：{2}。原有内容未变。</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/ownlink.py" />
      <source>is neither base64 nor JSON</source>
      <translation>既不是 base64 也不是 JSON</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/qr.py" />
      <source>the text is too long for a QR code</source>
      <translation>文本太长，无法生成二维码</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/sealed.py" />
      <source>the passphrase is empty</source>
      <translation>口令为空</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/sealed.py" />
      <source>the passphrase is wrong, or the data was changed</source>
      <translation>口令错误，或数据被改动</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/sealed.py" />
      <source>the sealed data asks for too much work to open</source>
      <translation>打开这些数据需要过多的计算</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/sealed.py" />
      <source>the sealed data was cut off</source>
      <translation>加密数据不完整</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/sealed.py" />
      <source>this was not sealed by xrgui</source>
      <translation>不是由 xrgui 加密封装的</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/secrets.py" />
      <source>another program changed the passphrase: enter it again</source>
      <translation>另一个程序更改了口令：请重新输入</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/secrets.py" />
      <source>in memory only: secrets must be entered again after each start</source>
      <translation>仅在内存中：每次启动后都要重新输入密钥</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/secrets.py" />
      <source>in the file {0}, under your passphrase</source>
      <translation>在文件 {0} 中，用您的口令加密</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/secrets.py" />
      <source>in the system's keyring ({0})</source>
      <translation>在系统密钥环中（{0}）</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/secrets.py" />
      <source>the keyring did not answer in time: answer its prompt, then try again</source>
      <translation>密钥环没有及时响应：请回应它的提示，然后重试</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/secrets.py" />
      <source>the keyring failed: {0}</source>
      <translation>密钥环出错：{0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/secrets.py" />
      <source>the keyring is locked: unlock it and try again</source>
      <translation>密钥环已锁定：请解锁后重试</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/secrets.py" />
      <source>the secret {0} is not in the store: enter it again</source>
      <translation>存储中没有密钥 {0}：请重新输入</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/secrets.py" />
      <source>this system has no keyring that runs</source>
      <translation>此系统没有可用的密钥环</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/secrets.py" />
      <source>{0} cannot be read: {1}</source>
      <translation>无法读取 {0}：{1}</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/secrets.py" />
      <source>{0} could not be saved: {1}</source>
      <translation>无法保存 {0}：{1}</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/secrets.py" />
      <source>{0} is damaged: {1}</source>
      <translation>{0} 已损坏：{1}</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/servers.py" />
      <source>a server in this link</source>
      <translation>此链接中的服务器</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/servers.py" />
      <source>xrgui lacks {0}</source>
      <translation>xrgui 不支持：{0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/store.py" />
      <source>set aside</source>
      <translation>移到一旁</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/store.py" />
      <source>there is no profile {0}</source>
      <translation>没有配置 {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/store.py" />
      <source>{0} cannot be the id of a profile</source>
      <translation>{0} 不能作为配置的标识</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/store.py" />
      <source>{0} is not there any more</source>
      <translation>{0} 已不存在</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/store.py" />
      <source>{0} is there again: delete or rename that one first</source>
      <translation>{0} 又出现了：请先删除或重命名它</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/store.py" />
      <source>{0} was {1} by another program: look at it again, or save it as a copy</source>
      <translation>{0} 已被另一个程序{1}：请再看一遍，或另存为副本</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/transfer.py" />
      <source>holds no link, configuration or backup</source>
      <translation>其中没有链接、配置或备份</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/transfer.py" />
      <source>is JSON, but no configuration, profile or backup</source>
      <translation>是 JSON，但不是配置或备份</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/transfer.py" />
      <source>is larger than {0} MiB</source>
      <translation>超过 {0} MiB</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/transfer.py" />
      <source>this and what follows is left out: more than {0} at once</source>
      <translation>此项及之后的内容已省略：一次最多 {0} 项</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/engine_words.py" />
      <source>Disk quota exceeded</source>
      <translation>超出磁盘配额</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/engine_words.py" />
      <source>File name too long</source>
      <translation>文件名太长</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/engine_words.py" />
      <source>Input/output error</source>
      <translation>输入输出错误</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/engine_words.py" />
      <source>Is a directory</source>
      <translation>这是文件夹</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/engine_words.py" />
      <source>No space left on device</source>
      <translation>磁盘空间不足</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/engine_words.py" />
      <source>No such file or directory</source>
      <translation>没有此文件或文件夹</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/engine_words.py" />
      <source>Not a directory</source>
      <translation>这不是文件夹</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/engine_words.py" />
      <source>Permission denied</source>
      <translation>权限不足</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/engine_words.py" />
      <source>Read-only file system</source>
      <translation>文件系统只读</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/engine_words.py" />
      <source>Too many open files</source>
      <translation>打开的文件过多</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/engine_words.py" />
      <source>deleted</source>
      <translation>删除</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/engine_words.py" />
      <source>emptied</source>
      <translation>清空</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/engine_words.py" />
      <source>read</source>
      <translation>读取</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/engine_words.py" />
      <source>restored</source>
      <translation>恢复</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/engine_words.py" />
      <source>saved</source>
      <translation>保存</translation>
    </message>
  </context>
</TS>
