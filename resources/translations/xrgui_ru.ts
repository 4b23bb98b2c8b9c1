<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="ru" sourcelanguage="en">
  <context>
    <name>xrgui</name>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>A custom configuration has no other end that xrgui could know.</source>
      <translation>У собственной конфигурации нет второй стороны, известной xrgui.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>A key is 32 bytes in base64, as `xrgui key` prints it.</source>
      <translation>Ключ — это 32 байта в base64, как их печатает `xrgui key`.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>A pin is the SHA-256 of a certificate: 64 hex digits.</source>
      <translation>Отпечаток — это SHA-256 сертификата: 64 шестнадцатеричных знака.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>A port is a number from 1 to 65535.</source>
      <translation>Порт — число от 1 до 65535.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>A public port is a number from 1 to 65535, or empty.</source>
      <translation>Публичный порт — число от 1 до 65535 или пусто.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>A secret lies in the keyring of another computer: enter it anew.</source>
      <translation>Секрет хранится в связке ключей другого компьютера: введите его заново.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Add at least one computer that may share through this server.</source>
      <translation>Добавьте хотя бы один компьютер, которому разрешено публиковать через этот сервер.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Add at least one service to share.</source>
      <translation>Добавьте хотя бы одну службу для публикации.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Another one has the same id: each needs its own.</source>
      <translation>Такой id уже есть: у каждого должен быть свой.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Another one is called {name} too.</source>
      <translation>Имя {name} уже занято.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Another one uses the public port {port} too.</source>
      <translation>Публичный порт {port} уже занят другой службой.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Another service has the same address ({endpoint}).</source>
      <translation>У другой службы тот же адрес ({endpoint}).</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Another service is called {name} too.</source>
      <translation>Другая служба тоже называется {name}.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Current Xray has no classic reverse: choose VLESS reverse on both ends.</source>
      <translation>В нынешнем Xray нет классического reverse: выберите VLESS reverse на обеих сторонах.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Current Xray only knows VLESS reverse: choose that dialect here too.</source>
      <translation>Нынешний Xray знает только VLESS reverse: выберите этот диалект и здесь.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Give it a name.</source>
      <translation>Укажите имя.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>If the certificate in {file} is self-signed, add its SHA-256 as the pin.</source>
      <translation>Если сертификат в {file} самоподписанный, добавьте его SHA-256 как отпечаток.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>It asked to start with the program; that was switched off.</source>
      <translation>Он просил запускаться вместе с программой; это отключено.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>No public port leads to it yet: until then it is turned away.</source>
      <translation>К нему пока не ведёт ни один публичный порт: до тех пор его не примут.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Only a tunnel that shares from this computer has a server to put into a link.</source>
      <translation>Сервер для ссылки есть только у туннеля, который публикует с этого компьютера.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Open at least one public port.</source>
      <translation>Откройте хотя бы один публичный порт.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Paste or write a configuration.</source>
      <translation>Вставьте или напишите конфигурацию.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Put the certificate of {name} at {chain} and its key at {key}.</source>
      <translation>Положите сертификат для {name} в {chain}, а его ключ — в {key}.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Put the certificate that is pinned here at {chain} and its key at {key}.</source>
      <translation>Положите закреплённый здесь сертификат в {chain}, а его ключ — в {key}.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Put the public address of this computer in place of {host}.</source>
      <translation>Впишите публичный адрес этого компьютера вместо {host}.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Say what to share: a link only names the server.</source>
      <translation>Укажите, что публиковать: в ссылке есть только сервер.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Say where it runs: this computer is 127.0.0.1.</source>
      <translation>Укажите, где она работает: этот компьютер — 127.0.0.1.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Say which public server to use: its host name or IP address, or paste a link.</source>
      <translation>Укажите публичный сервер: имя или IP-адрес, либо вставьте ссылку.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Secrets were left out: put them where the text says so.</source>
      <translation>Секреты опущены: впишите их там, где указано в тексте.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>TLS needs a certificate: choose one, or have one made.</source>
      <translation>Для TLS нужен сертификат: выберите его или создайте.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>The certificate has expired on {date}.</source>
      <translation>Срок сертификата истёк {date}.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>The certificate's private key is missing.</source>
      <translation>Нет закрытого ключа сертификата.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>The classic dialect needs a tunnel domain, the same on both ends.</source>
      <translation>Классическому диалекту нужен домен туннеля, одинаковый на обеих сторонах.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>The link asks not to check the certificate, which xrgui does not do: pin it instead.</source>
      <translation>Ссылка просит не проверять сертификат; xrgui так не делает: закрепите его отпечаток.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>The link cannot be read: {reason}.</source>
      <translation>Ссылку не удалось прочитать: {reason}.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>The name holds line breaks or control characters.</source>
      <translation>В имени есть переводы строк или управляющие знаки.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>The name is longer than {limit} characters.</source>
      <translation>Имя длиннее {limit} знаков.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>The path begins with /.</source>
      <translation>Путь начинается с /.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>The path holds blanks or control characters.</source>
      <translation>В пути есть пробелы или управляющие знаки.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>The path {path} was left out: choose a file of your own.</source>
      <translation>Путь {path} опущен: выберите свой файл.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>The port {port} is where the bridges dial in: take another one for visitors.</source>
      <translation>На порт {port} приходят мосты: для посетителей выберите другой.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>The private key belongs to another certificate.</source>
      <translation>Закрытый ключ от другого сертификата.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>The user id is missing. The public server gives it out; a link holds it.</source>
      <translation>Нет id пользователя. Его выдаёт публичный сервер; он есть в ссылке.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>There is no computer called {name} in the list.</source>
      <translation>В списке нет компьютера {name}.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>There is one with the same id: this one gets a new id.</source>
      <translation>Такой id уже есть: этот получит новый.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>This is neither a UUID nor a text of 1 to 30 bytes.</source>
      <translation>Это не UUID и не текст длиной от 1 до 30 байт.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>This is no certificate in PEM form.</source>
      <translation>Это не сертификат в формате PEM.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>This is no private key in PEM form without a password.</source>
      <translation>Это не закрытый ключ PEM без пароля.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>This is no web address, such as https://example.com/.</source>
      <translation>Это не веб-адрес вида https://example.com/.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Two bridges have the tunnel domain {domain}: visitors of one would reach the other.</source>
      <translation>У двух мостов один домен туннеля {domain}: посетители одного попадали бы к другому.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>VLESS reverse needs VLESS: choose the classic dialect for VMess.</source>
      <translation>VLESS reverse работает только с VLESS: для VMess выберите классический диалект.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Visitors of {name} come in by port {port}.</source>
      <translation>Посетители {name} приходят через порт {port}.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Whoever knows the id may share through that server: it does not ask for approval.</source>
      <translation>Открыть доступ через этот сервер может любой, кто знает id: одобрения он не требует.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Without TLS everybody on the way can read along, and current Xray refuses such a server.</source>
      <translation>Без TLS данные может прочитать любой по пути, и нынешний Xray отвергает такой сервер.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>v2ray has no VLESS reverse: choose the classic dialect on both ends.</source>
      <translation>В v2ray нет VLESS reverse: выберите классический диалект на обеих сторонах.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>v2ray only knows the classic dialect: choose it here too, with the domain {domain}.</source>
      <translation>v2ray знает только классический диалект: выберите его и здесь, с доменом {domain}.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>xrgui can use this link by now: import it anew.</source>
      <translation>Теперь xrgui умеет работать с этой ссылкой: импортируйте её заново.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>{address} is not an IP address of this computer.</source>
      <translation>{address} — не IP-адрес этого компьютера.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>{domain} is no host name.</source>
      <translation>{domain} — не имя узла.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>{host} is neither a host name nor an IP address.</source>
      <translation>{host} — не имя узла и не IP-адрес.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>{message}</source>
      <translation>{message}</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>{method} is no VMess security; auto, aes-128-gcm, chacha20-poly1305 and none are.</source>
      <translation>{method} — не шифр VMess; бывают auto, aes-128-gcm, chacha20-poly1305 и none.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>{name} shares the same through the same server.</source>
      <translation>{name} публикует то же самое через тот же сервер.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>About xrgui</source>
      <translation>О программе xrgui</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Back up everything…</source>
      <translation>Сохранить резервную копию…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Close window</source>
      <translation>Закрыть окно</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Connections</source>
      <translation>Соединения</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Copy</source>
      <translation>Копировать</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Copy public address</source>
      <translation>Копировать публичный адрес</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Copy the link to share through it</source>
      <translation>Скопировать ссылку для публикации через него</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Delete</source>
      <translation>Удалить</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Duplicate</source>
      <translation>Создать копию</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Edit§menu</source>
      <translation>Правка</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Edit…</source>
      <translation>Изменить…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Export…</source>
      <translation>Экспорт…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>File</source>
      <translation>Файл</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Filter</source>
      <translation>Фильтр</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Help</source>
      <translation>Справка</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>How it works</source>
      <translation>Как это работает</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Import a QR picture…</source>
      <translation>Импорт картинки с QR-кодом…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Import from clipboard</source>
      <translation>Импорт из буфера обмена</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Import from file…</source>
      <translation>Импорт из файла…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Import…</source>
      <translation>Импорт…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Logs</source>
      <translation>Журнал</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>New configuration of your own…</source>
      <translation>Новая собственная конфигурация…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>New public server…</source>
      <translation>Новый публичный сервер…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>New tunnel…</source>
      <translation>Новый туннель…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Notifications</source>
      <translation>Уведомления</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Open in the browser</source>
      <translation>Открыть в браузере</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Pause the list</source>
      <translation>Приостановить список</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Quit</source>
      <translation>Выйти</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Rename…</source>
      <translation>Переименовать…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Restart</source>
      <translation>Перезапустить</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Retry now</source>
      <translation>Повторить сейчас</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Routing</source>
      <translation>Маршруты</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Settings</source>
      <translation>Настройки</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Show as a QR code</source>
      <translation>Показать QR-код</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Show the computer's part…</source>
      <translation>Показать часть для компьютера…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Show the server's part…</source>
      <translation>Показать часть для сервера…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Start</source>
      <translation>Запустить</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Start all</source>
      <translation>Запустить все</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Stop</source>
      <translation>Остановить</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Stop all</source>
      <translation>Остановить все</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Try it here</source>
      <translation>Попробовать здесь</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Tunnel</source>
      <translation>Туннель</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Tunnels</source>
      <translation>Туннели</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Undo delete</source>
      <translation>Отменить удаление</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>View</source>
      <translation>Вид</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/app.py" />
      <source>The tunnels could not be read</source>
      <translation>Не удалось прочитать туннели</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/choices.py" />
      <source>Add</source>
      <translation>Добавить</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/choices.py" />
      <source>Add xrgui to the applications menu, to start it from there and open xrgui:// links?</source>
      <translation>Добавить xrgui в меню приложений, чтобы запускать его оттуда и открывать ссылки xrgui://?</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/choices.py" />
      <source>No thanks</source>
      <translation>Нет, спасибо</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/choices.py" />
      <source>Process {pid}</source>
      <translation>Процесс {pid}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/choices.py" />
      <source>This counts from the engine's next start on.</source>
      <translation>Вступит в силу при следующем запуске движка.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/choices.py" />
      <source>xrgui is among the applications now</source>
      <translation>xrgui добавлен в меню приложений</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/choices.py" />
      <source>{state}, process {pid}</source>
      <translation>{state}, процесс {pid}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/commands.py" />
      <source>Another program changed or deleted it since it was read.</source>
      <translation>Другая программа изменила или удалила его после чтения.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/commands.py" />
      <source>Copied {text}</source>
      <translation>Скопировано: {text}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/commands.py" />
      <source>It could not be saved</source>
      <translation>Не удалось сохранить</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/commands.py" />
      <source>It is let in until the next start. To keep it so, change bridgeKeys in the configuration.</source>
      <translation>Компьютер допущен до следующего запуска. Чтобы так и осталось, измените bridgeKeys в конфигурации.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/commands.py" />
      <source>Look at it again, or save it as a copy.</source>
      <translation>Посмотрите ещё раз или сохраните копию.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/commands.py" />
      <source>Remove</source>
      <translation>Удалить</translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/commands.py" />
      <source>Remove {n} deleted tunnel for good?|Remove {n} deleted tunnels for good?</source>
      <translation>
        <numerusform>Окончательно удалить {n} туннель?</numerusform>
        <numerusform>Окончательно удалить {n} туннеля?</numerusform>
        <numerusform>Окончательно удалить {n} туннелей?</numerusform>
      </translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/commands.py" />
      <source>Rename</source>
      <translation>Переименовать</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/commands.py" />
      <source>Save as a copy</source>
      <translation>Сохранить как копию</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/commands.py" />
      <source>Secrets are not at hand</source>
      <translation>Секреты недоступны</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/commands.py" />
      <source>Somebody else changed it</source>
      <translation>Это уже изменено в другом месте</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/commands.py" />
      <source>The computer is let in</source>
      <translation>Компьютер допущен</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/commands.py" />
      <source>The configuration has an error</source>
      <translation>В конфигурации ошибка</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/commands.py" />
      <source>They go with their backups and secrets. Nobody can bring them back.</source>
      <translation>Они исчезнут вместе с резервными копиями и секретами. Вернуть их будет нельзя.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/commands.py" />
      <source>Undo</source>
      <translation>Отменить</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/commands.py" />
      <source>“{name}” was deleted</source>
      <translation>«{name}» удалён</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/base.py" />
      <source>Cancel</source>
      <translation>Отмена</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/base.py" />
      <source>OK</source>
      <translation>ОК</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/close_question.py" />
      <source>Close the window</source>
      <translation>Закрыть окно</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/close_question.py" />
      <source>Do so from now on</source>
      <translation>Впредь поступать так же</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/close_question.py" />
      <source>Minimize</source>
      <translation>Свернуть</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/close_question.py" />
      <source>Stay in the tray</source>
      <translation>Остаться в трее</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/close_question.py" />
      <source>Stop and quit</source>
      <translation>Остановить и выйти</translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/dialogs/close_question.py" />
      <source>{n} tunnel is running. This desktop has no tray, but the window can be minimized.|{n} tunnels are running. This desktop has no tray, but the window can be minimized.</source>
      <translation>
        <numerusform>Работает {n} туннель. Здесь нет трея, но окно можно свернуть.</numerusform>
        <numerusform>Работают {n} туннеля. Здесь нет трея, но окно можно свернуть.</numerusform>
        <numerusform>Работают {n} туннелей. Здесь нет трея, но окно можно свернуть.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/dialogs/close_question.py" />
      <source>{n} tunnel is running. xrgui can stay in the tray and keep it up.|{n} tunnels are running. xrgui can stay in the tray and keep them up.</source>
      <translation>
        <numerusform>Работает {n} туннель. xrgui может остаться в трее и поддерживать его.</numerusform>
        <numerusform>Работают {n} туннеля. xrgui может остаться в трее и поддерживать их.</numerusform>
        <numerusform>Работают {n} туннелей. xrgui может остаться в трее и поддерживать их.</numerusform>
      </translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/editor.py" />
      <source>A configuration of your own</source>
      <translation>Собственная конфигурация</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/editor.py" />
      <source>Advanced…</source>
      <translation>Дополнительно…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/editor.py" />
      <source>Be the public server</source>
      <translation>Быть публичным сервером</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/editor.py" />
      <source>Computers that may share connect here; visitors of the open ports are sent to them.</source>
      <translation>Сюда подключаются компьютеры, которым разрешено публиковать; посетители открытых портов попадают к ним.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/editor.py" />
      <source>Edit the configuration</source>
      <translation>Изменить конфигурацию</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/editor.py" />
      <source>Edit the public server</source>
      <translation>Изменить публичный сервер</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/editor.py" />
      <source>Edit the tunnel</source>
      <translation>Изменить туннель</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/editor.py" />
      <source>Save</source>
      <translation>Сохранить</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/editor.py" />
      <source>Save and start</source>
      <translation>Сохранить и запустить</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/editor.py" />
      <source>Share something from this computer</source>
      <translation>Опубликовать что-то с этого компьютера</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/editor.py" />
      <source>Start again when the engine ended</source>
      <translation>Запускать снова после остановки движка</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/editor.py" />
      <source>Start now</source>
      <translation>Запустить сейчас</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/editor.py" />
      <source>Start with xrgui</source>
      <translation>Запускать вместе с xrgui</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/editor.py" />
      <source>Visitors reach your public server; it sends them here. Nothing else on this computer can be reached.</source>
      <translation>Посетители приходят на ваш публичный сервер, он направляет их сюда. Больше ничего на этом компьютере им не доступно.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/editor.py" />
      <source>Xray or v2ray JSON, comments allowed. It is checked as you type.</source>
      <translation>JSON для Xray или v2ray, комментарии допустимы. Проверяется по мере ввода.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/editor.py" />
      <source>after a failure</source>
      <translation>после сбоя</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/editor.py" />
      <source>always</source>
      <translation>всегда</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/editor.py" />
      <source>never</source>
      <translation>никогда</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>Close</source>
      <translation>Закрыть</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>Export {name}</source>
      <translation>Экспорт: {name}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>Exported text</source>
      <translation>Экспортированный текст</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>JSON for Xray</source>
      <translation>JSON для Xray</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>JSON for v2ray and older Xray</source>
      <translation>JSON для v2ray и старого Xray</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>Kind</source>
      <translation>Вид</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>Passphrase</source>
      <translation>Парольная фраза</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>Passphrase that opens it</source>
      <translation>Парольная фраза для открытия</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>QR</source>
      <translation>QR</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>Save as</source>
      <translation>Сохранить как</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>Save…</source>
      <translation>Сохранить…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>Server link (vless:// or vmess://)</source>
      <translation>Ссылка на сервер (vless:// или vmess://)</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>The id is left out: the link is of use only with its secrets.</source>
      <translation>Id опущен: без секретов ссылка бесполезна.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>The other end, {other}: JSON for Xray</source>
      <translation>Вторая сторона, {other}: JSON для Xray</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>The other end, {other}: JSON for v2ray</source>
      <translation>Вторая сторона, {other}: JSON для v2ray</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>The other end, {other}: command for xrgui</source>
      <translation>Вторая сторона, {other}: команда для xrgui</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>Whoever has this text can use the tunnel.</source>
      <translation>Туннелем сможет пользоваться любой, у кого есть этот текст.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>With secrets</source>
      <translation>С секретами</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>a computer that shares</source>
      <translation>компьютер, который публикует</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>this computer's server</source>
      <translation>сервер этого компьютера</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>xrgui link</source>
      <translation>Ссылка xrgui</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_preview.py" />
      <source>A configuration of its own (Xray JSON)</source>
      <translation>Собственная конфигурация (Xray JSON)</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_preview.py" />
      <source>A link that xrgui cannot use yet</source>
      <translation>Ссылка, с которой xrgui пока не работает</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_preview.py" />
      <source>Backup</source>
      <translation>Резервная копия</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_preview.py" />
      <source>Cannot be imported</source>
      <translation>Нельзя импортировать</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_preview.py" />
      <source>Import</source>
      <translation>Импорт</translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/dialogs/import_preview.py" />
      <source>Import {n}|Import {n}</source>
      <translation>
        <numerusform>Импортировать {n}</numerusform>
        <numerusform>Импортировать {n}</numerusform>
        <numerusform>Импортировать {n}</numerusform>
      </translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_preview.py" />
      <source>Nothing is started. Look at each before you do.</source>
      <translation>Ничего не запускается. Посмотрите на каждый, прежде чем запускать.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_preview.py" />
      <source>Nothing was found that xrgui can import: no link, no configuration.</source>
      <translation>Не найдено ничего, что xrgui мог бы импортировать: ни ссылки, ни конфигурации.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_preview.py" />
      <source>Public server at port {port} ({link})</source>
      <translation>Публичный сервер на порту {port} ({link})</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_preview.py" />
      <source>Sealed with its secrets</source>
      <translation>Зашифровано вместе с секретами</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_preview.py" />
      <source>Shares {services} through {server} ({link})</source>
      <translation>Публикует через {server}: {services} ({link})</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_preview.py" />
      <source>The passphrase does not open it.</source>
      <translation>Парольная фраза не подходит.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_preview.py" />
      <source>Unlock</source>
      <translation>Открыть</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_preview.py" />
      <source>nothing yet</source>
      <translation>пока ничего</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_source.py" />
      <source>Continue</source>
      <translation>Продолжить</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_source.py" />
      <source>From file…</source>
      <translation>Из файла…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_source.py" />
      <source>Links or configuration</source>
      <translation>Ссылки или конфигурация</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_source.py" />
      <source>Links, an Xray or v2ray configuration, or a backup. You see everything before it is taken.</source>
      <translation>Ссылки, конфигурация Xray или v2ray либо резервная копия. Вы всё увидите, прежде чем это будет принято.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_source.py" />
      <source>Paste it here</source>
      <translation>Вставьте сюда</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_source.py" />
      <source>QR picture…</source>
      <translation>QR-картинка…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/info.py" />
      <source>A visitor reaches the public server. The server sends the visitor back over the connection that stands, and xrgui passes it on to your service.</source>
      <translation>Посетитель приходит на публичный сервер. Сервер направляет его обратно по уже установленному соединению, и xrgui передаёт его вашей службе.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/info.py" />
      <source>Nothing happened that you should know.</source>
      <translation>Ничего важного не произошло.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/info.py" />
      <source>Only the services of the tunnel can be reached. Whatever else a server asks for is refused.</source>
      <translation>Доступны только службы туннеля. Во всём остальном серверу будет отказано.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/info.py" />
      <source>Public server</source>
      <translation>Публичный сервер</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/info.py" />
      <source>Shares what runs on your own computer through a public server of yours.</source>
      <translation>Публикует то, что работает на вашем компьютере, через ваш публичный сервер.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/info.py" />
      <source>The public server runs Xray, v2ray or xrgui. “Show the server's part” gives the configuration that fits, ready to paste.</source>
      <translation>На публичном сервере работает Xray, v2ray или xrgui. «Показать часть для сервера» даёт готовую подходящую конфигурацию.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/info.py" />
      <source>This computer</source>
      <translation>Этот компьютер</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/info.py" />
      <source>This computer has no public address, so it dials your public server and keeps that connection.</source>
      <translation>У этого компьютера нет публичного адреса, поэтому он сам подключается к вашему публичному серверу и держит соединение.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/info.py" />
      <source>Version {version}</source>
      <translation>Версия {version}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/info.py" />
      <source>bridge</source>
      <translation>мост</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/info.py" />
      <source>portal</source>
      <translation>портал</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/info.py" />
      <source>your service</source>
      <translation>ваша служба</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/json_form.py" />
      <source>Configuration</source>
      <translation>Конфигурация</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/json_form.py" />
      <source>Name</source>
      <translation>Имя</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/json_form.py" />
      <source>Problems</source>
      <translation>Ошибки</translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/dialogs/passphrase.py" />
      <source>At least {n} character.|At least {n} characters.</source>
      <translation>
        <numerusform>Не меньше {n} знака.</numerusform>
        <numerusform>Не меньше {n} знаков.</numerusform>
        <numerusform>Не меньше {n} знаков.</numerusform>
      </translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/passphrase.py" />
      <source>Once more</source>
      <translation>Ещё раз</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/passphrase.py" />
      <source>The two differ.</source>
      <translation>Они не совпадают.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/qr.py" />
      <source>QR code of {text}</source>
      <translation>QR-код: {text}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/qr.py" />
      <source>This is too long for a QR code.</source>
      <translation>Слишком длинно для QR-кода.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/secrets.py" />
      <source>A file under a passphrase</source>
      <translation>Файл под парольной фразой</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/secrets.py" />
      <source>Asked for once after each start of xrgui.</source>
      <translation>Спрашивается один раз после каждого запуска xrgui.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/secrets.py" />
      <source>Ids and keys never stand in the tunnels' files. Those that are stored move along.</source>
      <translation>Id и ключи никогда не попадают в файлы туннелей. Уже сохранённые будут перенесены.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/secrets.py" />
      <source>Memory only</source>
      <translation>Только в памяти</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/secrets.py" />
      <source>Nothing is stored; you type them again after each start.</source>
      <translation>Ничего не хранится; после каждого запуска вводите их заново.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/secrets.py" />
      <source>The system's keyring</source>
      <translation>Связка ключей системы</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/secrets.py" />
      <source>Unlocked with your login. The best place.</source>
      <translation>Открывается вместе с вашим входом. Лучшее место.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/secrets.py" />
      <source>Use it</source>
      <translation>Использовать</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/secrets.py" />
      <source>Where secrets are kept</source>
      <translation>Где хранить секреты</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Address of this server</source>
      <translation>Адрес этого сервера</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Approval</source>
      <translation>Одобрение</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Certificate</source>
      <translation>Сертификат</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Choose certificate files</source>
      <translation>Выбрать файлы сертификата</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Choose files…</source>
      <translation>Выбрать файлы…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Computers connect to</source>
      <translation>Порт подключения</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Computers run</source>
      <translation>На компьютерах</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Current Xray</source>
      <translation>Новый Xray</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Encrypt with TLS</source>
      <translation>Шифровать (TLS)</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Everybody on the way can read along.</source>
      <translation>Данные может прочитать любой по пути.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Its private key (PEM)</source>
      <translation>Закрытый ключ (PEM)</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Let another computer share</source>
      <translation>Разрешить ещё одному компьютеру</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Make a certificate</source>
      <translation>Создать сертификат</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Make one</source>
      <translation>Создать</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>My computer</source>
      <translation>Мой компьютер</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>One is made when you save.</source>
      <translation>Будет создан при сохранении.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Only computers that I approve</source>
      <translation>Только одобренные мной компьютеры</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Open another port</source>
      <translation>Открыть ещё порт</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Open to visitors</source>
      <translation>Открыто посетителям</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Protocol</source>
      <translation>Протокол</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Say first under which name this computer is reached.</source>
      <translation>Сначала укажите имя, под которым доступен этот компьютер.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>The certificate (PEM)</source>
      <translation>Сертификат (PEM)</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Transport</source>
      <translation>Транспорт</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>WebSocket path</source>
      <translation>Путь WebSocket</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>When one first connects you are asked here, and approve its key once. Xray and v2ray have no keys: you may let those in by their id alone.</source>
      <translation>При первом подключении появится вопрос, и вы один раз одобрите ключ. У Xray и v2ray ключей нет: их можно впустить по одному id.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Who may share</source>
      <translation>Кому разрешено</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>made for {names}; computers that share pin it</source>
      <translation>создан для {names}; публикующие компьютеры закрепят его</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>v2ray, older Xray (classic)</source>
      <translation>v2ray, старый Xray (классика)</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_rows.py" />
      <source>Ask it for a key from now on</source>
      <translation>Впредь требовать ключ</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_rows.py" />
      <source>Close this port</source>
      <translation>Закрыть этот порт</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_rows.py" />
      <source>Copy its link</source>
      <translation>Копировать ссылку</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_rows.py" />
      <source>Copy the link that this computer needs</source>
      <translation>Копировать ссылку, которая нужна этому компьютеру</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_rows.py" />
      <source>Do not let it share</source>
      <translation>Запретить публикацию</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_rows.py" />
      <source>Do not let this key in any more</source>
      <translation>Больше не допускать этот ключ</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_rows.py" />
      <source>Its id alone is enough (Xray, v2ray)</source>
      <translation>Достаточно одного id (Xray, v2ray)</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_rows.py" />
      <source>Name of the computer</source>
      <translation>Имя компьютера</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_rows.py" />
      <source>Network</source>
      <translation>Сеть</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_rows.py" />
      <source>Note for the key {key}</source>
      <translation>Заметка к ключу {key}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_rows.py" />
      <source>Port on that computer</source>
      <translation>Порт на том компьютере</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_rows.py" />
      <source>Public port</source>
      <translation>Публичный порт</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_rows.py" />
      <source>Served by</source>
      <translation>Обслуживает</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_rows.py" />
      <source>The port on that computer, if it shares several and it differs</source>
      <translation>Порт на том компьютере, если служб несколько и он отличается</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_rows.py" />
      <source>name of the computer</source>
      <translation>имя компьютера</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_rows.py" />
      <source>note</source>
      <translation>заметка</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_rows.py" />
      <source>port on it</source>
      <translation>порт на нём</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/server_fields.py" />
      <source>Address</source>
      <translation>Адрес</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/server_fields.py" />
      <source>Hide</source>
      <translation>Скрыть</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/server_fields.py" />
      <source>Id</source>
      <translation>Id</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/server_fields.py" />
      <source>Pinned certificate</source>
      <translation>Отпечаток сертификата</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/server_fields.py" />
      <source>SHA-256 of the certificate, 64 hex digits</source>
      <translation>SHA-256 сертификата, 64 шестнадцатеричных знака</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/server_fields.py" />
      <source>Server name</source>
      <translation>Имя сервера</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/server_fields.py" />
      <source>Show</source>
      <translation>Показать</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/server_fields.py" />
      <source>WebSocket host</source>
      <translation>Узел WebSocket</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/server_fields.py" />
      <source>stored; type to replace it</source>
      <translation>сохранён; введите новый, чтобы заменить</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/services.py" />
      <source>Do not share this</source>
      <translation>Не публиковать это</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/services.py" />
      <source>Nothing listens on this computer</source>
      <translation>На этом компьютере ничего не слушает</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/services.py" />
      <source>Pick a port…</source>
      <translation>Выбрать порт…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/services.py" />
      <source>Ports of this computer where something listens</source>
      <translation>Порты этого компьютера, на которых что-то работает</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/services.py" />
      <source>Share another one too</source>
      <translation>Опубликовать ещё что-нибудь</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/services.py" />
      <source>The port of the public server where visitors of this service come in</source>
      <translation>Порт публичного сервера, куда приходят посетители этой службы</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/services.py" />
      <source>UDP cannot be asked whether it answers</source>
      <translation>По UDP нельзя проверить, отвечает ли служба</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/services.py" />
      <source>What to share</source>
      <translation>Что публиковать</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/services.py" />
      <source>answers in {time}</source>
      <translation>отвечает за {time}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/services.py" />
      <source>nothing answers there yet; it can be started later</source>
      <translation>там пока ничего не отвечает; можно запустить позже</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/services.py" />
      <source>port there</source>
      <translation>порт там</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>Paste</source>
      <translation>Вставить</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>Public address</source>
      <translation>Публичный адрес</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>Say what to share, for example 127.0.0.1:3000.</source>
      <translation>Укажите, что публиковать, например 127.0.0.1:3000.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>Show its configuration</source>
      <translation>Показать его конфигурацию</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>The certificate is not one that this computer trusts.</source>
      <translation>Этот компьютер не доверяет такому сертификату.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>The certificate is not the pinned one.</source>
      <translation>Сертификат не совпадает с отпечатком.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>The server must forward this port.</source>
      <translation>Сервер должен перенаправлять этот порт.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>The server runs</source>
      <translation>На сервере стоит</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>This link does not fit here: take it in with File, Import.</source>
      <translation>Эта ссылка сюда не подходит: воспользуйтесь меню «Файл», «Импорт».</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>Trust it</source>
      <translation>Доверять ему</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>Tunnel domain</source>
      <translation>Домен туннеля</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>VLESS reverse: Xray 25.10 and newer, and xrgui. Visitors keep their own address.</source>
      <translation>VLESS reverse: Xray 25.10 и новее, а также xrgui. Адреса посетителей сохраняются.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>What visitors type. An xrgui on the server tells it by itself.</source>
      <translation>Что вводят посетители. Если на сервере xrgui, он сообщит это сам.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>answered in {time}</source>
      <translation>ответил за {time}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>but it does not speak TLS there</source>
      <translation>но TLS там не поддерживается</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>certificate trusted</source>
      <translation>сертификату можно доверять</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>for example Blog preview</source>
      <translation>например, «Мой блог»</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>no address was found for {host}</source>
      <translation>адрес для {host} не найден</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>pinned certificate matches</source>
      <translation>отпечаток сертификата совпадает</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>v2ray 4 and 5, and Xray before 26.4. Both ends share a tunnel domain.</source>
      <translation>v2ray 4 и 5, а также Xray до 26.4. У обеих сторон общий домен туннеля.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>vless://… or vmess://…, or host:port</source>
      <translation>vless://… или vmess://…, или узел:порт</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>xrgui cannot use this link yet: it lacks {lacks}. The link is kept.</source>
      <translation>xrgui пока не умеет работать с этой ссылкой: нет поддержки {lacks}. Ссылка сохранена.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>{endpoint} cannot be reached from here</source>
      <translation>{endpoint} отсюда недоступен</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>{endpoint} does not answer</source>
      <translation>{endpoint} не отвечает</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>{endpoint} takes no connections</source>
      <translation>{endpoint} не принимает соединения</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>{protocol} over {layers}</source>
      <translation>{protocol} поверх {layers}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/exchange.py" />
      <source>All tunnels in one file, with their secrets under a passphrase.</source>
      <translation>Все туннели в одном файле, секреты — под парольной фразой.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/exchange.py" />
      <source>Back up everything</source>
      <translation>Резервная копия</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/exchange.py" />
      <source>Configurations, links, backups</source>
      <translation>Конфигурации, ссылки, резервные копии</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/exchange.py" />
      <source>Copied the link of “{name}”. It holds a secret.</source>
      <translation>Ссылка для «{name}» скопирована. В ней есть секрет.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/exchange.py" />
      <source>Import a QR picture</source>
      <translation>Импорт картинки с QR-кодом</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/exchange.py" />
      <source>Pictures</source>
      <translation>Картинки</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/exchange.py" />
      <source>Saved {path}</source>
      <translation>Сохранено: {path}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/exchange.py" />
      <source>There is no QR code in this picture.</source>
      <translation>На этой картинке нет QR-кода.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/exchange.py" />
      <source>{path} cannot be read as a picture: it is damaged, too large, or of an unknown kind.</source>
      <translation>Файл {path} не читается как картинка: он повреждён, слишком велик или неизвестного вида.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/language.py" />
      <source>{first}. {second}</source>
      <translation>{first}. {second}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/main_window.py" />
      <source>Pages</source>
      <translation>Страницы</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/log.py" />
      <source>Debug</source>
      <translation>Отладка</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/log.py" />
      <source>Error</source>
      <translation>Ошибка</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/log.py" />
      <source>Info</source>
      <translation>Сведения</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/log.py" />
      <source>Level</source>
      <translation>Уровень</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/log.py" />
      <source>Message</source>
      <translation>Сообщение</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/log.py" />
      <source>Time</source>
      <translation>Время</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/log.py" />
      <source>Warning</source>
      <translation>Внимание</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>(default)</source>
      <translation>(по умолчанию)</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>(not shared)</source>
      <translation>(не опубликовано)</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>(the rest)</source>
      <translation>(остальное)</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>(tunnel {domain})</source>
      <translation>(туннель {domain})</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>Dry run</source>
      <translation>Проверка</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>Goes to</source>
      <translation>Куда</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>Rule</source>
      <translation>Правило</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>When</source>
      <translation>Когда</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>address {addresses}</source>
      <translation>адрес {addresses}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>arrives at port {ports}</source>
      <translation>приходит на порт {ports}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>arrives at {addresses}</source>
      <translation>приходит на {addresses}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>attributes {names}</source>
      <translation>атрибуты {names}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>comes in by {tags}</source>
      <translation>вход {tags}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>dropped</source>
      <translation>сброшено</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>it comes in by</source>
      <translation>вход</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>name {names}</source>
      <translation>имя {names}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>no rule takes it</source>
      <translation>ни одно правило не подошло</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>no: {why}</source>
      <translation>нет: {why}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>not known</source>
      <translation>неизвестно</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>port {ports}</source>
      <translation>порт {ports}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>protocol {protocols}</source>
      <translation>протокол {protocols}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>takes it</source>
      <translation>подходит</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>the address is</source>
      <translation>адрес</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>the name is</source>
      <translation>имя</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>the network is</source>
      <translation>сеть</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>the port is</source>
      <translation>порт</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>the protocol is</source>
      <translation>протокол</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>the user is</source>
      <translation>пользователь</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>the visitor is</source>
      <translation>посетитель</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>the visitor's port is</source>
      <translation>порт посетителя</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>user {users}</source>
      <translation>пользователь {users}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>visitor {addresses}</source>
      <translation>посетитель {addresses}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>visitor's port {ports}</source>
      <translation>порт посетителя {ports}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>{service} (by name)</source>
      <translation>{service} (по имени)</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>{service} (by public port)</source>
      <translation>{service} (по публичному порту)</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>{tag}: dropped</source>
      <translation>{tag}: сброс</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/session_columns.py" />
      <source>Age</source>
      <translation>Время</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/session_columns.py" />
      <source>Closed§state</source>
      <translation>Закрыто</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/session_columns.py" />
      <source>Connecting</source>
      <translation>Подключение</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/session_columns.py" />
      <source>Ended</source>
      <translation>Завершено</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/session_columns.py" />
      <source>Failed</source>
      <translation>Сбой</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/session_columns.py" />
      <source>Idle</source>
      <translation>Простой</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/session_columns.py" />
      <source>Main connection</source>
      <translation>Основное соединение</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/session_columns.py" />
      <source>Open§state</source>
      <translation>Открыто</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/session_columns.py" />
      <source>Rule → outbound</source>
      <translation>Правило → выход</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/session_columns.py" />
      <source>Target</source>
      <translation>Цель</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/session_columns.py" />
      <source>Visitor</source>
      <translation>Посетитель</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/session_columns.py" />
      <source>closed</source>
      <translation>закрыто</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/session_columns.py" />
      <source>not told</source>
      <translation>не сообщён</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/session_columns.py" />
      <source>↑ rate</source>
      <translation>↑ скорость</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/session_columns.py" />
      <source>↑ total</source>
      <translation>↑ всего</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/session_columns.py" />
      <source>↓ rate</source>
      <translation>↓ скорость</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/session_columns.py" />
      <source>↓ total</source>
      <translation>↓ всего</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/session_table.py" />
      <source>State</source>
      <translation>Состояние</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/traffic.py" />
      <source>Down {down}, up {up}, peak {peak} in the last {span}</source>
      <translation>Приём {down}, отдача {up}, пик {peak} за {span}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/tunnels.py" />
      <source>No tunnels yet</source>
      <translation>Пока нет туннелей</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/tunnels.py" />
      <source>State not known</source>
      <translation>Состояние неизвестно</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/tunnels.py" />
      <source>{up} of {all} up</source>
      <translation>Работает {up} из {all}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/notifications.py" />
      <source>Key {key}, from {address}</source>
      <translation>Ключ {key}, с адреса {address}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/notifications.py" />
      <source>Without a key, from {address}</source>
      <translation>Без ключа, с {address}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/notifications.py" />
      <source>{name} is down</source>
      <translation>{name} не работает</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/notifications.py" />
      <source>{name} is up again</source>
      <translation>{name} снова работает</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/notifications.py" />
      <source>{name} waits to be let in</source>
      <translation>{name} ждёт одобрения</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/notifications.py" />
      <source>{name} was let in</source>
      <translation>{name}: подключение одобрено</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/notifications.py" />
      <source>{name}: a computer asks to be let in</source>
      <translation>{name}: компьютер просит доступ</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>All tunnels</source>
      <translation>Все туннели</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Close all that the list shows</source>
      <translation>Закрыть всё, что показано в списке</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Close shown</source>
      <translation>Закрыть показанные</translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Close {n} sub-connection|Close {n} sub-connections</source>
      <translation>
        <numerusform>Закрыть {n} соединение</numerusform>
        <numerusform>Закрыть {n} соединения</numerusform>
        <numerusform>Закрыть {n} соединений</numerusform>
      </translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Closed sub-connections</source>
      <translation>Закрытые соединения</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Closed§list</source>
      <translation>Закрытые</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Columns</source>
      <translation>Столбцы</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Copy as a table</source>
      <translation>Копировать как таблицу</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Every visitor of a running tunnel appears here, with its rate and its target.</source>
      <translation>Здесь появляется каждый посетитель работающего туннеля, его скорость и цель.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Filter by “{text}”</source>
      <translation>Фильтр по «{text}»</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Filter sub-connections</source>
      <translation>Фильтр соединений</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Filter: visitor, target, rule</source>
      <translation>Фильтр: посетитель, цель, правило</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Go on</source>
      <translation>Продолжить</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Go to the tunnels</source>
      <translation>К туннелям</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Hold the list still</source>
      <translation>Остановить список</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>No sub-connection matches the filter.</source>
      <translation>Ни одно соединение не подходит под фильтр.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Open sub-connections</source>
      <translation>Открытые соединения</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Open§list</source>
      <translation>Открытые</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Pause</source>
      <translation>Пауза</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Show all</source>
      <translation>Показать все</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Sub-connections that ended appear here, with the reason.</source>
      <translation>Здесь появляются завершённые соединения с указанием причины.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Which</source>
      <translation>Какие</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>down</source>
      <translation>приём</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>peak {rate} in the last {span}</source>
      <translation>пик {rate} за {span}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>up§direction</source>
      <translation>отдача</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/first_start.py" />
      <source>A link, a QR picture, or an Xray or v2ray configuration.</source>
      <translation>Ссылка, QR-картинка или конфигурация Xray либо v2ray.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/first_start.py" />
      <source>A web page, an app or SSH on this computer becomes reachable through your public server.</source>
      <translation>Веб-страница, приложение или SSH на этом компьютере станут доступны через ваш публичный сервер.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/first_start.py" />
      <source>Or drop a file or a link anywhere in this window.</source>
      <translation>Или перетащите файл или ссылку в это окно.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/first_start.py" />
      <source>See a tunnel work in ten seconds, on this computer alone. Nothing leaves it.</source>
      <translation>Посмотрите за десять секунд, как работает туннель, — только на этом компьютере. Ничто его не покинет.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/first_start.py" />
      <source>Set up…</source>
      <translation>Настроить…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/first_start.py" />
      <source>Share from this computer</source>
      <translation>Публиковать с этого компьютера</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/first_start.py" />
      <source>Share…</source>
      <translation>Опубликовать…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/first_start.py" />
      <source>This computer has a public address and lets others share through it.</source>
      <translation>У этого компьютера есть публичный адрес, и другие публикуют через него.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/first_start.py" />
      <source>Try</source>
      <translation>Попробовать</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/first_start.py" />
      <source>What do you want to do?</source>
      <translation>Что вы хотите сделать?</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/logs.py" />
      <source>Clear</source>
      <translation>Очистить</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/logs.py" />
      <source>Empty this list; the files stay</source>
      <translation>Очистить этот список; файлы останутся</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/logs.py" />
      <source>Filter the log</source>
      <translation>Фильтр журнала</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/logs.py" />
      <source>Filter: words of the message</source>
      <translation>Фильтр: слова сообщения</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/logs.py" />
      <source>Follow</source>
      <translation>Следить</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/logs.py" />
      <source>Least level</source>
      <translation>Минимальный уровень</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/logs.py" />
      <source>Log</source>
      <translation>Журнал</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/logs.py" />
      <source>No line matches the filter.</source>
      <translation>Ни одна строка не подходит под фильтр.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/logs.py" />
      <source>Save the log</source>
      <translation>Сохранить журнал</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/logs.py" />
      <source>Stay at the newest line</source>
      <translation>Оставаться на последней строке</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/logs.py" />
      <source>What the engine does is written here, newest at the bottom.</source>
      <translation>Здесь видно, что делает движок; новое — внизу.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/newcomers.py" />
      <source>Approve</source>
      <translation>Одобрить</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/newcomers.py" />
      <source>Compare the key with the one that its owner sees there: in its own window, or by “xrgui key”. Whoever only knows a stolen id shows another one.</source>
      <translation>Сравните ключ с тем, который видит владелец того компьютера: в своём окне или по команде «xrgui key». Тот, кто лишь узнал чужой id, покажет другой ключ.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/newcomers.py" />
      <source>Ignore</source>
      <translation>Скрыть</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/newcomers.py" />
      <source>It cannot prove who it is. If you let it in, its id alone is enough from now on: whoever has its link can come in its place.</source>
      <translation>Он не может доказать, кто он. Если впустить его, впредь хватит одного id: вместо него сможет подключиться любой, у кого есть его ссылка.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/newcomers.py" />
      <source>Let it in</source>
      <translation>Впустить</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/newcomers.py" />
      <source>Xray or v2ray</source>
      <translation>Xray или v2ray</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/newcomers.py" />
      <source>as {computer}, from {address}, since {time}</source>
      <translation>как {computer}, с адреса {address}, с {time}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/newcomers.py" />
      <source>xrgui without a key</source>
      <translation>xrgui без ключа</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/newcomers.py" />
      <source>“xrgui key” on that computer makes one; then start its tunnel anew. If you let it in as it is, its id alone is enough from now on.</source>
      <translation>Команда «xrgui key» на том компьютере создаст ключ; затем перезапустите его туннель. Если впустить его так, впредь хватит одного id.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/routing.py" />
      <source>Comes in by</source>
      <translation>Вход</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/routing.py" />
      <source>Edit tunnel</source>
      <translation>Изменить туннель</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/routing.py" />
      <source>Looked up: {addresses}.</source>
      <translation>Найдены адреса: {addresses}.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/routing.py" />
      <source>No rule takes it: {outbound}.</source>
      <translation>Ни одно правило не подошло: {outbound}.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/routing.py" />
      <source>Rules</source>
      <translation>Правила</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/routing.py" />
      <source>The first rule that matches takes the connection.</source>
      <translation>Соединение забирает первое подходящее правило.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/routing.py" />
      <source>The rule “{rule}” takes it: {outbound}.</source>
      <translation>Подходит правило «{rule}»: {outbound}.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/routing.py" />
      <source>The rules of your tunnels appear here: which connection goes where, and why.</source>
      <translation>Здесь появляются правила ваших туннелей: какое соединение куда идёт и почему.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/routing.py" />
      <source>Try a dry run</source>
      <translation>Проверить маршрут</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/routing.py" />
      <source>Type a target to see which rule would take it. Nothing is connected.</source>
      <translation>Введите цель, чтобы увидеть, какое правило подойдёт. Соединение не устанавливается.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/routing.py" />
      <source>Write the target as host:port.</source>
      <translation>Укажите цель как узел:порт.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/routing.py" />
      <source>comes in by</source>
      <translation>вход</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>A computer asks to be let in</source>
      <translation>Компьютер просит доступ</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>A local service does not answer any more</source>
      <translation>Локальная служба перестала отвечать</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>A tunnel is down for more than 10 seconds</source>
      <translation>Туннель не работает дольше 10 секунд</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>As the system</source>
      <translation>Как в системе</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Ask</source>
      <translation>Спрашивать</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Change where secrets are kept</source>
      <translation>Изменить место хранения секретов</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Change…</source>
      <translation>Изменить…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Closing</source>
      <translation>Закрытие</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Closing the window</source>
      <translation>При закрытии окна</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Dark</source>
      <translation>Тёмная</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Engine</source>
      <translation>Движок</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Hide in the tray</source>
      <translation>Убирать в трей</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>It is up again</source>
      <translation>Он снова работает</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Language</source>
      <translation>Язык</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Light</source>
      <translation>Светлая</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Look</source>
      <translation>Вид</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Look for a new version once a day</source>
      <translation>Раз в день искать новую версию</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Off by default: xrgui talks to nobody but your servers.</source>
      <translation>По умолчанию выключено: xrgui общается только с вашими серверами.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Remove for good…</source>
      <translation>Удалить окончательно…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Restart the engine</source>
      <translation>Перезапустить движок</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Secrets</source>
      <translation>Секреты</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Show xrgui among the applications and open xrgui:// links with it</source>
      <translation>Показывать xrgui среди приложений и открывать им ссылки xrgui://</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Start hidden in the tray</source>
      <translation>Запускать свёрнутым в трей</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Start xrgui when I log in</source>
      <translation>Запускать xrgui при входе в систему</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Starting</source>
      <translation>Запуск</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Theme</source>
      <translation>Тема</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Tunnels go on when xrgui quits or fails</source>
      <translation>Туннели работают и после выхода или сбоя xrgui</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Updates</source>
      <translation>Обновления</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Use the engine {name}</source>
      <translation>Использовать движок {name}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Use this one</source>
      <translation>Использовать этот</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Which tunnels start with xrgui is chosen in each tunnel.</source>
      <translation>Какие туннели запускать вместе с xrgui, выбирается в каждом туннеле.</translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>{n} deleted tunnel is kept with its secrets|{n} deleted tunnels are kept with their secrets</source>
      <translation>
        <numerusform>{n} удалённый туннель хранится вместе с секретами</numerusform>
        <numerusform>{n} удалённых туннеля хранятся вместе с секретами</numerusform>
        <numerusform>{n} удалённых туннелей хранятся вместе с секретами</numerusform>
      </translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/tunnel_detail.py" />
      <source>Edit</source>
      <translation>Изменить</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/tunnel_detail.py" />
      <source>It cannot start here</source>
      <translation>Его нельзя запустить здесь</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/tunnel_detail.py" />
      <source>Public addresses</source>
      <translation>Публичные адреса</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/tunnel_detail.py" />
      <source>This tunnel needs what xrgui does not have yet: {what}.</source>
      <translation>Этому туннелю нужно то, чего в xrgui пока нет: {what}.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/tunnel_detail.py" />
      <source>What happened</source>
      <translation>Что произошло</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/tunnels.py" />
      <source>Filter tunnels</source>
      <translation>Фильтр туннелей</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/tunnels.py" />
      <source>New</source>
      <translation>Новый</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/tunnels.py" />
      <source>New tunnel</source>
      <translation>Новый туннель</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/tunnels.py" />
      <source>No tunnel matches the filter.</source>
      <translation>Ни один туннель не подходит под фильтр.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/runner.py" />
      <source>started elsewhere</source>
      <translation>запущен в другом месте</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/secrets_flow.py" />
      <source>A passphrase for your secrets</source>
      <translation>Парольная фраза для ваших секретов</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/secrets_flow.py" />
      <source>Choose…</source>
      <translation>Выбрать…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/secrets_flow.py" />
      <source>It opens your secrets after each start. Nobody can bring it back if it is forgotten.</source>
      <translation>Она открывает ваши секреты после каждого запуска. Если её забыть, никто не сможет её вернуть.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/secrets_flow.py" />
      <source>The secrets stay where they are</source>
      <translation>Секреты остаются на месте</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/secrets_flow.py" />
      <source>They are kept in memory only, until xrgui quits.</source>
      <translation>Они хранятся только в памяти, до выхода из xrgui.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/secrets_flow.py" />
      <source>They are locked.</source>
      <translation>Они закрыты.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/secrets_flow.py" />
      <source>They lie in a file under your passphrase.</source>
      <translation>Они лежат в файле под вашей парольной фразой.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/secrets_flow.py" />
      <source>They lie in the system's keyring.</source>
      <translation>Они лежат в связке ключей системы.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/secrets_flow.py" />
      <source>This system has no keyring: secrets are kept in memory only, until xrgui quits.</source>
      <translation>В этой системе нет связки ключей: секреты хранятся только в памяти, до выхода из xrgui.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/secrets_flow.py" />
      <source>Try again</source>
      <translation>Ещё раз</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/secrets_flow.py" />
      <source>Unlock your secrets</source>
      <translation>Откройте секреты</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/secrets_flow.py" />
      <source>Unlock…</source>
      <translation>Открыть…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/secrets_flow.py" />
      <source>Your secrets are locked: no tunnel can start.</source>
      <translation>Секреты закрыты: ни один туннель не запустится.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/secrets_flow.py" />
      <source>Your secrets were moved</source>
      <translation>Секреты перенесены</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/shell.py" />
      <source>A sample page runs at {url}</source>
      <translation>Пробная страница работает по адресу {url}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/shell.py" />
      <source>Engine ended, starting again</source>
      <translation>Движок остановился, запускается снова</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/shell.py" />
      <source>Engine running</source>
      <translation>Движок работает</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/shell.py" />
      <source>Engine running, {memory}</source>
      <translation>Движок работает, {memory}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/shell.py" />
      <source>Engine starting</source>
      <translation>Движок запускается</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/shell.py" />
      <source>Engine stopped</source>
      <translation>Движок остановлен</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/shell.py" />
      <source>Open</source>
      <translation>Открыть</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/shell.py" />
      <source>Start again</source>
      <translation>Запустить снова</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/shell.py" />
      <source>The engine does not answer</source>
      <translation>Движок не отвечает</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/shell.py" />
      <source>The engine does not answer. All that it carries stands still.</source>
      <translation>Движок не отвечает. Всё, что идёт через него, остановилось.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/shell.py" />
      <source>The engine does not stay up. The log may say why.</source>
      <translation>Движок всё время останавливается. Причина может быть в журнале.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/shell.py" />
      <source>The engine ended on its own and is started again.</source>
      <translation>Движок сам остановился и запускается снова.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/shell.py" />
      <source>The engine ended on its own and runs again.</source>
      <translation>Движок сам остановился и снова работает.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/shell.py" />
      <source>xrgui {version} is out. Update it the way you installed it.</source>
      <translation>Вышел xrgui {version}. Обновите его тем же способом, каким установили.</translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/shell.py" />
      <source>{n} sub-connection|{n} sub-connections</source>
      <translation>
        <numerusform>{n} соединение</numerusform>
        <numerusform>{n} соединения</numerusform>
        <numerusform>{n} соединений</numerusform>
      </translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/standing.py" />
      <source>; next in {wait}</source>
      <translation>; следующая через {wait}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/standing.py" />
      <source>attempt {n}: {error}</source>
      <translation>попытка {n}: {error}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/standing.py" />
      <source>connected to {server}</source>
      <translation>подключено к {server}</translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/totals_keeper.py" />
      <source>{down} down, {up} up, {n} visitor|{down} down, {up} up, {n} visitors</source>
      <translation>
        <numerusform>приём {down}, отдача {up}, {n} посетитель</numerusform>
        <numerusform>приём {down}, отдача {up}, {n} посетителя</numerusform>
        <numerusform>приём {down}, отдача {up}, {n} посетителей</numerusform>
      </translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/tray.py" />
      <source>Open xrgui</source>
      <translation>Открыть xrgui</translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/tray.py" />
      <source>{n} visitor|{n} visitors</source>
      <translation>
        <numerusform>{n} посетитель</numerusform>
        <numerusform>{n} посетителя</numerusform>
        <numerusform>{n} посетителей</numerusform>
      </translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/trial.py" />
      <source>The sample page did not start.</source>
      <translation>Пробная страница не запустилась.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/trial.py" />
      <source>Try it: the public server</source>
      <translation>Проба: публичный сервер</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/trial.py" />
      <source>Try it: this computer shares</source>
      <translation>Проба: этот компьютер публикует</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/units.py" />
      <source>B</source>
      <translation>Б</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/units.py" />
      <source>GB</source>
      <translation>ГБ</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/units.py" />
      <source>MB</source>
      <translation>МБ</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/units.py" />
      <source>PB</source>
      <translation>ПБ</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/units.py" />
      <source>TB</source>
      <translation>ТБ</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/units.py" />
      <source>kB</source>
      <translation>кБ</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/units.py" />
      <source>{days} d {hours} h</source>
      <translation>{days} д {hours} ч</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/units.py" />
      <source>{figure} ms</source>
      <translation>{figure} мс</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/units.py" />
      <source>{hours} h {minutes} min</source>
      <translation>{hours} ч {minutes} мин</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/units.py" />
      <source>{minutes} min</source>
      <translation>{minutes} мин</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/units.py" />
      <source>{seconds} s</source>
      <translation>{seconds} с</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/units.py" />
      <source>{size}/s</source>
      <translation>{size}/с</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/address.py" />
      <source>Copy the address</source>
      <translation>Копировать адрес</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/address.py" />
      <source>Public address: {address}</source>
      <translation>Публичный адрес: {address}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/basic.py" />
      <source>Copied</source>
      <translation>Скопировано</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/chart.py" />
      <source>Traffic chart</source>
      <translation>График трафика</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/chart.py" />
      <source>{time}: down {down}, up {up}</source>
      <translation>{time}: приём {down}, отдача {up}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>Sharing computer</source>
      <translation>Публикующий компьютер</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>Visitors</source>
      <translation>Посетители</translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>and {n} more|and {n} more</source>
      <translation>
        <numerusform>и ещё {n}</numerusform>
        <numerusform>и ещё {n}</numerusform>
        <numerusform>и ещё {n}</numerusform>
      </translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>answers</source>
      <translation>отвечает</translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>bridge, {n} link|bridge, {n} links</source>
      <translation>
        <numerusform>мост, {n} связь</numerusform>
        <numerusform>мост, {n} связи</numerusform>
        <numerusform>мост, {n} связей</numerusform>
      </translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>does not answer</source>
      <translation>не отвечает</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>does not listen</source>
      <translation>не слушает</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>link lost</source>
      <translation>связь потеряна</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>name unknown</source>
      <translation>имя неизвестно</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>no link</source>
      <translation>нет связи</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>not asked yet</source>
      <translation>ещё не проверено</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>not connected</source>
      <translation>не подключён</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>out of reach</source>
      <translation>недоступен</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>portal, port {port}</source>
      <translation>портал, порт {port}</translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>portal, {n} visitor|portal, {n} visitors</source>
      <translation>
        <numerusform>портал, {n} посетитель</numerusform>
        <numerusform>портал, {n} посетителя</numerusform>
        <numerusform>портал, {n} посетителей</numerusform>
      </translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>refused</source>
      <translation>отказал</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>silent</source>
      <translation>молчит</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>speaks otherwise</source>
      <translation>другой протокол</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>wrong certificate</source>
      <translation>не тот сертификат</translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>{n} computer|{n} computers</source>
      <translation>
        <numerusform>{n} компьютер</numerusform>
        <numerusform>{n} компьютера</numerusform>
        <numerusform>{n} компьютеров</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>{n} now|{n} now</source>
      <translation>
        <numerusform>сейчас {n}</numerusform>
        <numerusform>сейчас {n}</numerusform>
        <numerusform>сейчас {n}</numerusform>
      </translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/traffic_card.py" />
      <source>1 h</source>
      <translation>1 ч</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/traffic_card.py" />
      <source>1 min</source>
      <translation>1 мин</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/traffic_card.py" />
      <source>5 min</source>
      <translation>5 мин</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/traffic_card.py" />
      <source>Download</source>
      <translation>Приём</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/traffic_card.py" />
      <source>In all</source>
      <translation>Всего</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/traffic_card.py" />
      <source>Last problem</source>
      <translation>Последний сбой</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/traffic_card.py" />
      <source>Link</source>
      <translation>Связь</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/traffic_card.py" />
      <source>Time shown</source>
      <translation>Показанное время</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/traffic_card.py" />
      <source>Today</source>
      <translation>Сегодня</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/traffic_card.py" />
      <source>Traffic</source>
      <translation>Трафик</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/traffic_card.py" />
      <source>Turned away</source>
      <translation>Отклонено</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/traffic_card.py" />
      <source>Upload</source>
      <translation>Отдача</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/traffic_card.py" />
      <source>listens at port {port}</source>
      <translation>слушает порт {port}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/traffic_card.py" />
      <source>none since start</source>
      <translation>не было с запуска</translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/widgets/traffic_card.py" />
      <source>{n} connection|{n} connections</source>
      <translation>
        <numerusform>{n} соединение</numerusform>
        <numerusform>{n} соединения</numerusform>
        <numerusform>{n} соединений</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/widgets/traffic_card.py" />
      <source>{n} link to {server}|{n} links to {server}</source>
      <translation>
        <numerusform>{n} связь с {server}</numerusform>
        <numerusform>{n} связи с {server}</numerusform>
        <numerusform>{n} связей с {server}</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/widgets/traffic_card.py" />
      <source>{n} link with a false key|{n} links with a false key</source>
      <translation>
        <numerusform>{n} связь с поддельным ключом</numerusform>
        <numerusform>{n} связи с поддельным ключом</numerusform>
        <numerusform>{n} связей с поддельным ключом</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/widgets/traffic_card.py" />
      <source>{n} link|{n} links</source>
      <translation>
        <numerusform>{n} связь</numerusform>
        <numerusform>{n} связи</numerusform>
        <numerusform>{n} связей</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/widgets/tunnel_list.py" />
      <source>{first} and {n} more|{first} and {n} more</source>
      <translation>
        <numerusform>{first} и ещё {n}</numerusform>
        <numerusform>{first} и ещё {n}</numerusform>
        <numerusform>{first} и ещё {n}</numerusform>
      </translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>A secret is missing</source>
      <translation>Не хватает секрета</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>A secret is not in the store any more. Enter it again.</source>
      <translation>Секрета больше нет в хранилище. Введите его заново.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>Another program on this computer listens there already. Choose another port, or stop it.</source>
      <translation>Этот порт уже занят другой программой на этом компьютере. Выберите другой порт или остановите её.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>Attempt {number}, again in {wait}</source>
      <translation>Попытка {number}, следующая через {wait}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>Connecting, attempt {number}</source>
      <translation>Подключение, попытка {number}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>Copy the key</source>
      <translation>Скопировать ключ</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>Copy the link</source>
      <translation>Скопировать ссылку</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>Edit the id</source>
      <translation>Изменить id</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>Enter the id or key of this tunnel again.</source>
      <translation>Введите id или ключ этого туннеля заново.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>It ended on its own and is being started again.</source>
      <translation>Он сам остановился и запускается снова.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>It was set aside as {path}.</source>
      <translation>Он отложен как {path}.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>No address was found for {server}. Look for a typing error in the name.</source>
      <translation>Адрес для {server} не найден. Проверьте, нет ли опечатки в имени.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>No computer shares through this server yet</source>
      <translation>Через этот сервер пока никто ничего не публикует</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>Nothing listens at the server's port</source>
      <translation>На порту сервера ничего не работает</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>On the computer that shares, choose “Share from this computer” and paste this server's link there. The link holds a secret.</source>
      <translation>На компьютере, с которого нужно публиковать, выберите «Публиковать с этого компьютера» и вставьте туда ссылку этого сервера. В ссылке есть секрет.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>Show the server's part</source>
      <translation>Показать часть для сервера</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>Something went wrong</source>
      <translation>Что-то пошло не так</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>Stopped</source>
      <translation>Остановлен</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The certificate does not match</source>
      <translation>Сертификат не совпадает</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The computer answers, but {server} takes no connections. The program there does not run, or it listens on another port.</source>
      <translation>Компьютер отвечает, но {server} не принимает соединения. Программа там не запущена или слушает другой порт.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The engine did not take this tunnel's configuration.</source>
      <translation>Движок не принял конфигурацию этого туннеля.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The engine said what follows.</source>
      <translation>Движок сообщил следующее.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The engine stopped</source>
      <translation>Движок остановился</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The file {name} is damaged ({reason}).</source>
      <translation>Файл {name} повреждён ({reason}).</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The id or key of this tunnel could not be read.</source>
      <translation>Id или ключ этого туннеля не удалось прочитать.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The keyring did not answer in time. Answer its prompt, then try again.</source>
      <translation>Связка ключей не ответила вовремя. Ответьте на её запрос и попробуйте снова.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The last good version took its place.</source>
      <translation>Его заменила последняя исправная версия.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The link was lost</source>
      <translation>Связь потеряна</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The local service</source>
      <translation>Локальная служба</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The local service does not answer</source>
      <translation>Локальная служба не отвечает</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The port is taken</source>
      <translation>Порт занят</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The secrets are locked. Unlock them and try again.</source>
      <translation>Секреты закрыты. Откройте их и попробуйте снова.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The server</source>
      <translation>Сервер</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The server cannot be reached</source>
      <translation>Сервер недоступен</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The server does not answer</source>
      <translation>Сервер не отвечает</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The server refused the id</source>
      <translation>Сервер не принял id</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The server speaks otherwise</source>
      <translation>Сервер говорит на другом протоколе</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The server's name is unknown</source>
      <translation>Имя сервера неизвестно</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The server's owner has to let you in</source>
      <translation>Владелец сервера должен вас допустить</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>There is no way to {server} from here. Look whether this computer is online.</source>
      <translation>Отсюда нет пути к {server}. Проверьте, подключён ли этот компьютер к сети.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>This system has no keyring that runs.</source>
      <translation>В этой системе нет работающей связки ключей.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>Unlock secrets</source>
      <translation>Открыть секреты</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>Up</source>
      <translation>Работает</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>Up for {span}</source>
      <translation>Работает {span}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>Visitors reach this computer, but nothing answers at {service}. Start the program there.</source>
      <translation>Посетители доходят до этого компьютера, но {service} не отвечает. Запустите там программу.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>Waiting for a computer</source>
      <translation>Ожидание компьютера</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>xrgui goes on trying. Nothing has to be done yet.</source>
      <translation>xrgui продолжает попытки. Пока ничего делать не нужно.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>{name} was written by a newer xrgui and is left alone.</source>
      <translation>{name} записан более новой версией xrgui и оставлен как есть.</translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/words.py" />
      <source>{n} computer asks to be let in|{n} computers ask to be let in</source>
      <translation>
        <numerusform>{n} компьютер просит доступ</numerusform>
        <numerusform>{n} компьютера просят доступ</numerusform>
        <numerusform>{n} компьютеров просят доступ</numerusform>
      </translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>{server} answered, but closed the link right after the greeting. Its list of users does not contain the id of this tunnel, or that user has no reverse tag.</source>
      <translation>{server} ответил, но закрыл связь сразу после приветствия. В его списке пользователей нет id этого туннеля, или у этого пользователя нет метки reverse.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>{server} answers, but not as this tunnel expects. Protocol, transport, path and TLS must be the same on both ends.</source>
      <translation>{server} отвечает, но не так, как ожидает туннель. Протокол, транспорт, путь и TLS должны совпадать на обеих сторонах.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>{server} knows the id, but not this computer. Its owner sees the key below and approves it; then the tunnel comes up by itself.</source>
      <translation>{server} знает этот id, но не этот компьютер. Владелец увидит ключ, указанный ниже, и одобрит его; затем туннель поднимется сам.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>{server} showed a certificate that is not the expected one. Either the server has a new certificate, or somebody stands between.</source>
      <translation>{server} показал не тот сертификат. Либо у сервера новый сертификат, либо соединение кто-то перехватывает.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>{server} stays silent. A firewall may swallow the port, or it is down.</source>
      <translation>{server} молчит. Возможно, порт закрыт межсетевым экраном или сервер выключен.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>{server} was connected, then the link broke off.</source>
      <translation>{server} был подключён, затем связь оборвалась.</translation>
    </message>
  </context>
  <context>
    <name>engine</name>
    <message>
      <location filename="../../xrgui/bridge_key.py" />
      <source>no bridge key: 32 bytes in base64, as `xrgui key` prints them</source>
      <translation>это не ключ моста: нужны 32 байта в base64, как их печатает `xrgui key`</translation>
    </message>
    <message>
      <location filename="../../xrgui/bridge_key.py" />
      <source>{0} holds no Ed25519 key</source>
      <translation>в {0} нет ключа Ed25519</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check.py" />
      <source>"{0}" is the tag of {1} too</source>
      <translation>метка «{0}» есть и у {1}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check.py" />
      <source>add a user with an id</source>
      <translation>добавьте пользователя с id</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check.py" />
      <source>break the ring</source>
      <translation>разорвите кольцо</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check.py" />
      <source>every user needs a name of its own</source>
      <translation>каждому пользователю нужно своё имя</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check.py" />
      <source>every user needs an id of its own (`xrgui uuid`)</source>
      <translation>каждому пользователю нужен свой id (`xrgui uuid`)</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check.py" />
      <source>give it another tag</source>
      <translation>задайте другую метку</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check.py" />
      <source>is another user's id too</source>
      <translation>такой же id у другого пользователя</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check.py" />
      <source>is another user's too; Xray refuses that</source>
      <translation>то же имя у другого пользователя; Xray этого не допускает</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check.py" />
      <source>is none, so everyone on the way to {0} can read along; Xray refuses it</source>
      <translation>не задано, и любой на пути к {0} может читать; Xray такое отвергает</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check.py" />
      <source>leads back to itself</source>
      <translation>ведёт обратно к самому себе</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check.py" />
      <source>names nobody, so nobody gets in</source>
      <translation>никого не называет, поэтому никто не войдёт</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check.py" />
      <source>no inbound has the tag "{0}", so it never matches</source>
      <translation>нет входа с меткой «{0}», поэтому правило никогда не сработает</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check.py" />
      <source>no outbound has the tag "{0}"</source>
      <translation>нет выхода с меткой «{0}»</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check.py" />
      <source>nothing has a tag</source>
      <translation>меток нет ни у чего</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check.py" />
      <source>send what is meant for it to "{0}" by a routing rule</source>
      <translation>то, что для него предназначено, направьте в «{0}» правилом маршрутизации</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check.py" />
      <source>there are {0}</source>
      <translation>есть {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check.py" />
      <source>use "tls"</source>
      <translation>укажите "tls"</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_ports.py" />
      <source>choose another name</source>
      <translation>выберите другое имя</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_ports.py" />
      <source>choose another port, or end what holds it</source>
      <translation>выберите другой порт или завершите того, кто его занял</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_ports.py" />
      <source>give one another port</source>
      <translation>назначьте одному из них другой порт</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_ports.py" />
      <source>inbound "{0}"</source>
      <translation>вход «{0}»</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_ports.py" />
      <source>make it first</source>
      <translation>сначала создайте её</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_ports.py" />
      <source>port {0} is wanted by {1} too</source>
      <translation>порт {0} нужен и для {1}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_ports.py" />
      <source>there is no folder {0}</source>
      <translation>нет папки {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_ports.py" />
      <source>{0} is there and is no socket</source>
      <translation>{0} уже есть, и это не сокет</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_reverse.py" />
      <source>"{0}" carries a reverse link and nothing else: the server refuses the rest</source>
      <translation>«{0}» несёт обратную связь и ничего больше: остальное сервер отклонит</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_reverse.py" />
      <source>`xrgui key --file {0}` makes one</source>
      <translation>его создаст `xrgui key --file {0}`</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_reverse.py" />
      <source>a reverse link</source>
      <translation>обратной связи</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_reverse.py" />
      <source>add "finalRules": {0}</source>
      <translation>добавьте "finalRules": {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_reverse.py" />
      <source>add an outbound with another user's id</source>
      <translation>добавьте выход с id другого пользователя</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_reverse.py" />
      <source>add the rule {0}</source>
      <translation>добавьте правило {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_reverse.py" />
      <source>add {{"protocol": "freedom"}}</source>
      <translation>добавьте {{"protocol": "freedom"}}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_reverse.py" />
      <source>allow nothing, so everything that arrives as "{0}" is denied here, by Xray too</source>
      <translation>ничего не разрешают, поэтому всё, что приходит как «{0}», здесь запрещено, в Xray тоже</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_reverse.py" />
      <source>is empty, and Xray opens no reverse link then</source>
      <translation>пусто, а тогда Xray не открывает обратную связь</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_reverse.py" />
      <source>is switched on under {0}, which is Mux.cool already</source>
      <translation>включено поверх {0}, а это уже Mux.cool</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_reverse.py" />
      <source>its domain "{0}" is routed to {1}, which reaches no portal</source>
      <translation>его домен «{0}» направлен в {1}, откуда до портала не дойти</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_reverse.py" />
      <source>its link goes through a VLESS reverse outbound, which carries nothing else</source>
      <translation>его связь идёт через выход VLESS reverse, который больше ничего не переносит</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_reverse.py" />
      <source>its link goes to portal "{0}", whose domain is another</source>
      <translation>его связь идёт к порталу «{0}», у которого другой домен</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_reverse.py" />
      <source>no bridge can join: no inbound brings "{0}" here</source>
      <translation>ни один мост не подключится: ни один вход не приводит сюда «{0}»</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_reverse.py" />
      <source>no rule</source>
      <translation>ни одно правило</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_reverse.py" />
      <source>no rule for visitors</source>
      <translation>ни одно правило для посетителей</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_reverse.py" />
      <source>no rule sends "{0}" to an outbound</source>
      <translation>ни одно правило не направляет «{0}» в выход</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_reverse.py" />
      <source>nobody reaches it: no rule leads to "{0}"</source>
      <translation>до него никто не дойдёт: ни одно правило не ведёт к «{0}»</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_reverse.py" />
      <source>nobody reaches it: {0} leads to it</source>
      <translation>до него никто не дойдёт: {0} к нему не ведёт</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_reverse.py" />
      <source>the link of bridge "{0}"</source>
      <translation>связи моста «{0}»</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_reverse.py" />
      <source>the tag of a freedom outbound</source>
      <translation>метка выхода freedom</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_reverse.py" />
      <source>the tag of the outbound to the portal</source>
      <translation>метка выхода к порталу</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_reverse.py" />
      <source>the tag of the visitors' inbound</source>
      <translation>метка входа для посетителей</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_reverse.py" />
      <source>what arrives as "{0}" goes back through the link: no rule takes it elsewhere</source>
      <translation>то, что приходит как «{0}», уходит обратно в связь: ни одно правило не ведёт его дальше</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_reverse.py" />
      <source>what visitors send goes back through its own link</source>
      <translation>то, что шлют посетители, возвращается в его же связь</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_reverse.py" />
      <source>write "enabled": false</source>
      <translation>напишите "enabled": false</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_reverse.py" />
      <source>{0} is not there</source>
      <translation>{0} не существует</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_tls.py" />
      <source>"{0}" cannot be read: {1}</source>
      <translation>не удалось прочитать «{0}»: {1}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_tls.py" />
      <source>`openssl pkey -in KEY -out PLAIN` unlocks it</source>
      <translation>его откроет `openssl pkey -in KEY -out PLAIN`</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_tls.py" />
      <source>`xrgui cert` makes one; a relative name starts at the working directory</source>
      <translation>его создаст `xrgui cert`; относительное имя отсчитывается от рабочей папки</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_tls.py" />
      <source>`xrgui cert` makes one; name its files in certificateFile and keyFile</source>
      <translation>его создаст `xrgui cert`; укажите файлы в certificateFile и keyFile</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_tls.py" />
      <source>bad file name</source>
      <translation>неверное имя файла</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_tls.py" />
      <source>begins on {0} only</source>
      <translation>действует только с {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_tls.py" />
      <source>does not belong to the certificate</source>
      <translation>не от этого сертификата</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_tls.py" />
      <source>holds no certificate in PEM</source>
      <translation>не содержит сертификата PEM</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_tls.py" />
      <source>holds no certificate to show, so no TLS connection can be made</source>
      <translation>нет сертификата для показа, соединение TLS невозможно</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_tls.py" />
      <source>holds no private key in PEM</source>
      <translation>не содержит закрытого ключа PEM</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_tls.py" />
      <source>is above maxVersion {0}</source>
      <translation>больше, чем maxVersion {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_tls.py" />
      <source>is locked by a passphrase</source>
      <translation>закрыт парольной фразой</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_tls.py" />
      <source>is missing</source>
      <translation>отсутствует</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_tls.py" />
      <source>is the clock right?</source>
      <translation>верны ли часы?</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_tls.py" />
      <source>it begins with -----BEGIN CERTIFICATE-----</source>
      <translation>он начинается с -----BEGIN CERTIFICATE-----</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_tls.py" />
      <source>it begins with -----BEGIN PRIVATE KEY-----</source>
      <translation>он начинается с -----BEGIN PRIVATE KEY-----</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_tls.py" />
      <source>leaves nothing that a server could be trusted by</source>
      <translation>не оставляет ничего, чем можно проверить сервер</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_tls.py" />
      <source>name a file in {0}File</source>
      <translation>укажите файл в {0}File</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_tls.py" />
      <source>pin its certificate, or add one with "usage": "verify"</source>
      <translation>закрепите его сертификат или добавьте сертификат с "usage": "verify"</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_tls.py" />
      <source>ran out on {0}</source>
      <translation>срок истёк {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_tls.py" />
      <source>renew it</source>
      <translation>обновите его</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_tls.py" />
      <source>swap the two</source>
      <translation>поменяйте их местами</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/check_tls.py" />
      <source>the two come from one run of `xrgui cert`</source>
      <translation>оба создаёт один запуск `xrgui cert`</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>"{0}" is ignored, since "{1}" is there too</source>
      <translation>«{0}» не учитывается, так как есть и «{1}»</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>"{0}" is no network</source>
      <translation>«{0}» — не сеть</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>"{0}" is no port</source>
      <translation>«{0}» — не порт</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>"{0}" is none of {1}</source>
      <translation>«{0}» не подходит; можно: {1}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>`xrgui uuid` makes one</source>
      <translation>его создаст `xrgui uuid`</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>a UUID in quotes</source>
      <translation>UUID в кавычках</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>a host name or an IP address alone; the port has its own key</source>
      <translation>только имя узла или IP-адрес; для порта есть свой ключ</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>a list</source>
      <translation>список</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>a list of texts</source>
      <translation>список текстов</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>a number</source>
      <translation>число</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>a number from 0 to 65535, or "1000-2000"</source>
      <translation>число от 0 до 65535 или "1000-2000"</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>a text</source>
      <translation>текст</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>a whole number</source>
      <translation>целое число</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>an object</source>
      <translation>объект</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>did you mean "{0}"?</source>
      <translation>возможно, «{0}»?</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>has {0} more than once; the last one counts</source>
      <translation>{0} встречается несколько раз; действует последнее</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>is empty</source>
      <translation>пусто</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>is ignored: {0}</source>
      <translation>не учитывается: {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>is no address</source>
      <translation>не адрес</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>is unknown and ignored</source>
      <translation>неизвестно и не учитывается</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>keep one of the two</source>
      <translation>оставьте одно из двух</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>put it in [ ]</source>
      <translation>заключите в [ ]</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>put it in {{ }}</source>
      <translation>заключите в {{ }}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>remove the others</source>
      <translation>уберите остальные</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>set the variable before the start</source>
      <translation>задайте переменную до запуска</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>should be a list, not {0}</source>
      <translation>нужен список, а не {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>should be a whole number from {0} to {1}</source>
      <translation>нужно целое число от {0} до {1}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>should be an object, not {0}</source>
      <translation>нужен объект, а не {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>should be one port</source>
      <translation>нужен один порт</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>should be {0}, not {1}</source>
      <translation>здесь ожидается {0}, а не {1}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>tcp, udp or "tcp,udp"</source>
      <translation>tcp, udp или "tcp,udp"</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>the environment has no {0}</source>
      <translation>в окружении нет {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>true or false</source>
      <translation>true или false</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/cursor.py" />
      <source>xrgui has no {0}</source>
      <translation>в xrgui этого нет: {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump.py" />
      <source>VLESS reverse</source>
      <translation>VLESS reverse</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump.py" />
      <source>VLESS reverse; the user is left out</source>
      <translation>VLESS reverse; пользователь опущен</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump.py" />
      <source>VMess without encryption; "auto" is written</source>
      <translation>VMess без шифрования; записано "auto"</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump.py" />
      <source>WebSocket through another outbound</source>
      <translation>WebSocket через другой выход</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump.py" />
      <source>Xray refuses VLESS without TLS to a public address</source>
      <translation>Xray отвергает VLESS без TLS к публичному адресу</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump.py" />
      <source>bridge keys</source>
      <translation>ключей мостов</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump.py" />
      <source>bridge keys; any bridge that knows the id may join</source>
      <translation>ключей мостов; подключиться может любой мост, знающий id</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump.py" />
      <source>bridges without visitors</source>
      <translation>мостов без посетителей</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump.py" />
      <source>choice of how many links</source>
      <translation>выбора числа связей</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump.py" />
      <source>classic bridges and portals (v26.4.25 dropped them)</source>
      <translation>классических мостов и порталов (удалены в v26.4.25)</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump.py" />
      <source>finalRules: it dials whatever it is asked for</source>
      <translation>finalRules: он соединяется со всем, о чём просят</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump.py" />
      <source>headers of its own for a proxy</source>
      <translation>своих заголовков для прокси</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump.py" />
      <source>limits; they are left out</source>
      <translation>ограничений; они опущены</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump.py" />
      <source>lists of ports; all but the first are left out</source>
      <translation>списков портов; остались только первые</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump.py" />
      <source>more than {0}; that is written</source>
      <translation>больше {0}; записано столько</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump.py" />
      <source>negated addresses</source>
      <translation>отрицания адресов</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump.py" />
      <source>parts of KiB; {0} is written</source>
      <translation>долей КиБ; записано {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump.py" />
      <source>parts of seconds; {0} is written</source>
      <translation>долей секунды; записано {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump.py" />
      <source>patterns for users</source>
      <translation>образцов имён пользователей</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump.py" />
      <source>rules by HTTP header</source>
      <translation>правил по заголовку HTTP</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump.py" />
      <source>rules by local address</source>
      <translation>правил по местному адресу</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump.py" />
      <source>several addresses for a name; the first is written</source>
      <translation>нескольких адресов у имени; записан первый</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump.py" />
      <source>the PROXY protocol on freedom</source>
      <translation>протокола PROXY у freedom</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump.py" />
      <source>tunnel inbounds without an address</source>
      <translation>входов tunnel без адреса</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump.py" />
      <source>{0}; "{1}" is written</source>
      <translation>{0}; записано "{1}"</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump.py" />
      <source>{0}; the rule is left out</source>
      <translation>{0}; правило опущено</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump_stream.py" />
      <source>choice of TLS versions, ciphers and unknown names</source>
      <translation>выбора версий TLS, шифров и неизвестных имён</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump_stream.py" />
      <source>early data over WebSocket</source>
      <translation>ранних данных в WebSocket</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump_stream.py" />
      <source>length of the queue for tcpFastOpen</source>
      <translation>длины очереди tcpFastOpen</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump_stream.py" />
      <source>names to verify apart from serverName</source>
      <translation>проверяемых имён отдельно от serverName</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump_stream.py" />
      <source>pings over WebSocket</source>
      <translation>пингов в WebSocket</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump_stream.py" />
      <source>pins of this kind</source>
      <translation>отпечатков такого вида</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump_stream.py" />
      <source>routeOnly, metadataOnly and domainsExcluded</source>
      <translation>routeOnly, metadataOnly и domainsExcluded</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump_stream.py" />
      <source>sniffing of {0}</source>
      <translation>распознавания {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/dump_stream.py" />
      <source>socket options other than mark, tcpFastOpen and acceptProxyProtocol</source>
      <translation>параметров сокета, кроме mark, tcpFastOpen и acceptProxyProtocol</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/ids.py" />
      <source>is neither a UUID nor a text of 1 to 30 bytes</source>
      <translation>не UUID и не текст длиной от 1 до 30 байт</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>"host:port"; an empty part stays as it is</source>
      <translation>"узел:порт"; пустая часть остаётся прежней</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>"{0}" is no flow</source>
      <translation>«{0}» — не flow</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>"{0}" is no protocol</source>
      <translation>«{0}» — не протокол</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>VLESS Encryption</source>
      <translation>VLESS Encryption</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>add one to accounts</source>
      <translation>добавьте запись в accounts</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>asks for a password, and there is no account</source>
      <translation>требует пароль, а учётных записей нет</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>every inbound needs a port to listen on</source>
      <translation>каждому входу нужен порт</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>for example "0.0.0.0"</source>
      <translation>например "0.0.0.0"</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>has no place here</source>
      <translation>здесь не к месту</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>has no place on this side</source>
      <translation>на этой стороне не нужно</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>is a name; only an address of this machine can be listened on</source>
      <translation>это имя, а слушать можно только на адресе этого компьютера</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>is ignored: only the AEAD form is spoken</source>
      <translation>не учитывается: поддерживается только AEAD</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>is missing; xrgui takes it for none, Xray refuses it</source>
      <translation>отсутствует; xrgui понимает это как none, Xray отвергает</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>is no target</source>
      <translation>не цель</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>is noauth: accounts are not asked for</source>
      <translation>стоит noauth: учётные записи не спрашиваются</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>it belongs to the bridge's outbound</source>
      <translation>его место в выходе моста</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>let a web server stand in front and hand the path of a ws inbound on</source>
      <translation>поставьте впереди веб-сервер, который передаст путь входу ws</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>policy levels have connIdle</source>
      <translation>в уровнях policy есть connIdle</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>ports that change by themselves</source>
      <translation>самостоятельная смена портов</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>remove it</source>
      <translation>уберите</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>tunnel, vless, vmess, socks or http</source>
      <translation>tunnel, vless, vmess, socks или http</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>use "alterId": 0 on both sides</source>
      <translation>укажите "alterId": 0 на обеих сторонах</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>use "always"</source>
      <translation>укажите "always"</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>use "flow": ""</source>
      <translation>укажите "flow": ""</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>use "flow": "" on both sides, with tls in streamSettings</source>
      <translation>укажите "flow": "" на обеих сторонах, с tls в streamSettings</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>use "none", with tls in streamSettings</source>
      <translation>укажите "none", с tls в streamSettings</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>use socks or tunnel</source>
      <translation>возьмите socks или tunnel</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>use socks, and point programs or a tun2socks at it</source>
      <translation>возьмите socks и направьте на него программы или tun2socks</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>use socks; Telegram speaks it too</source>
      <translation>возьмите socks: Telegram понимает и его</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>use vless with tls, or vmess where there is no certificate</source>
      <translation>возьмите vless с tls, а где нет сертификата — vmess</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>use vless with tls: it does the same with the same hiding</source>
      <translation>возьмите vless с tls: делает то же и так же скрытно</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>write "auth": "password" to protect this port</source>
      <translation>напишите "auth": "password", чтобы защитить этот порт</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>write "decryption": "none"</source>
      <translation>напишите "decryption": "none"</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/inbounds.py" />
      <source>{0} inbound</source>
      <translation>вход {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/jsonc.py" />
      <source>Extra data</source>
      <translation>Лишние данные</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/jsonc.py" />
      <source>a colon is expected here</source>
      <translation>здесь ожидается двоеточие</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/jsonc.py" />
      <source>a comma or the closing bracket is expected here</source>
      <translation>здесь ожидается запятая или закрывающая скобка</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/jsonc.py" />
      <source>a comma with nothing behind it</source>
      <translation>запятая, за которой ничего нет</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/jsonc.py" />
      <source>a comment that never ends</source>
      <translation>комментарий не закрыт</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/jsonc.py" />
      <source>a name in double quotes is expected here</source>
      <translation>здесь ожидается имя в двойных кавычках</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/jsonc.py" />
      <source>a value is expected here</source>
      <translation>здесь ожидается значение</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/jsonc.py" />
      <source>an empty configuration is {{}}</source>
      <translation>пустая конфигурация — это {{}}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/jsonc.py" />
      <source>close it with */</source>
      <translation>закройте его знаками */</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/jsonc.py" />
      <source>is nested too deeply</source>
      <translation>слишком глубокая вложенность</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/jsonc.py" />
      <source>is no JSON: {0}</source>
      <translation>не JSON: {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/jsonc.py" />
      <source>is there a bracket too many, or a comma missing?</source>
      <translation>лишняя скобка или нет запятой?</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/jsonc.py" />
      <source>texts stand in double quotes</source>
      <translation>тексты пишутся в двойных кавычках</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/jsonc.py" />
      <source>the file ends too early: is a closing bracket missing?</source>
      <translation>файл обрывается: нет закрывающей скобки?</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/jsonc.py" />
      <source>the file is empty</source>
      <translation>файл пуст</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/jsonc.py" />
      <source>there is something behind the end of the configuration</source>
      <translation>после конца конфигурации есть что-то ещё</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/jsonc.py" />
      <source>{0} is no number in JSON</source>
      <translation>{0} — не число в JSON</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/load.py" />
      <source>a number in quotes, such as "0"</source>
      <translation>число в кавычках, например "0"</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/load.py" />
      <source>addresses stand in the log in full</source>
      <translation>адреса пишутся в журнал целиком</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/load.py" />
      <source>an object in {{ }} is expected</source>
      <translation>ожидается объект в {{ }}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/load.py" />
      <source>are ignored: names are resolved by the system</source>
      <translation>не учитываются: имена разрешает система</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/load.py" />
      <source>cannot be read: {0}</source>
      <translation>не удалось прочитать: {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/load.py" />
      <source>fake DNS</source>
      <translation>подставной DNS</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/load.py" />
      <source>is ignored: xrgui has a control socket of its own</source>
      <translation>не учитывается: у xrgui свой управляющий сокет</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/load.py" />
      <source>is no level</source>
      <translation>не уровень</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/load.py" />
      <source>is no text in UTF-8</source>
      <translation>это не текст в UTF-8</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/load.py" />
      <source>is {0}, not a configuration</source>
      <translation>это {0}, а не конфигурация</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/load.py" />
      <source>no configuration file was named</source>
      <translation>файл конфигурации не указан</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/load.py" />
      <source>remove it, with its inbound and rule</source>
      <translation>уберите вместе с его входом и правилом</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/load.py" />
      <source>save it as UTF-8</source>
      <translation>сохраните в UTF-8</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/load.py" />
      <source>stream settings for all at once</source>
      <translation>общие настройки потока для всего</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/load.py" />
      <source>write ["localhost"] or nothing</source>
      <translation>напишите ["localhost"] или ничего</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/load.py" />
      <source>write streamSettings in each inbound and outbound</source>
      <translation>пишите streamSettings в каждом входе и выходе</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/load.py" />
      <source>xrgui run -c FILE</source>
      <translation>xrgui run -c FILE</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/merge.py" />
      <source>give both a tag to keep both</source>
      <translation>чтобы сохранить оба, дайте обоим метки</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/merge.py" />
      <source>has no tag and takes the place of one without a tag in {0}</source>
      <translation>без метки; занимает место другого без метки из {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>"allow" or "block"</source>
      <translation>"allow" или "block"</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>"host:port", or ":port" to keep the host</source>
      <translation>"узел:порт" или ":порт", чтобы оставить узел</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>and sockopt.dialerProxy are both set</source>
      <translation>задан вместе с sockopt.dialerProxy</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>finalRules took its place</source>
      <translation>вместо него теперь finalRules</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>for example "30-90"</source>
      <translation>например "30-90"</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>freedom, blackhole, vless, vmess, socks or http</source>
      <translation>freedom, blackhole, vless, vmess, socks или http</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>is ignored: the far end resolves names</source>
      <translation>не учитывается: имена разрешает другая сторона</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>is no IP address</source>
      <translation>не IP-адрес</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>is no range of seconds</source>
      <translation>не диапазон секунд</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>is not sent: a portal takes a link without it</source>
      <translation>не отправляется: портал принимает связь и без него</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>let a rule name the other outbound directly</source>
      <translation>пусть правило сразу называет другой выход</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>let names be resolved by the system; dns.hosts sets single ones</source>
      <translation>имена пусть разрешает система; отдельные задаются в dns.hosts</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>names several servers</source>
      <translation>названо несколько серверов</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>names several users</source>
      <translation>названо несколько пользователей</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>one user with its id</source>
      <translation>один пользователь со своим id</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>random or borrowed source addresses</source>
      <translation>случайные или чужие адреса отправителя</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>remove it; traffic then leaves undisguised</source>
      <translation>уберите; тогда трафик пойдёт без маскировки</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>stands beside vnext, where Xray ignores it</source>
      <translation>стоит рядом с vnext, где Xray его не учитывает</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>templates in headers</source>
      <translation>шаблоны в заголовках</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>the host name or IP address of the server</source>
      <translation>имя узла или IP-адрес сервера</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>the port of the server, 1 to 65535</source>
      <translation>порт сервера, от 1 до 65535</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>use socks</source>
      <translation>возьмите socks</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>use the flat form</source>
      <translation>используйте плоскую запись</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>use vless with tls</source>
      <translation>возьмите vless с tls</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>write "encryption": "none"</source>
      <translation>напишите "encryption": "none"</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>write one IP address of this machine</source>
      <translation>укажите один IP-адрес этого компьютера</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>write one outbound for each</source>
      <translation>заведите для каждого свой выход</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>write the flat form: address, port, id, reverse</source>
      <translation>используйте плоскую запись: address, port, id, reverse</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>write the value itself</source>
      <translation>впишите само значение</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/outbounds.py" />
      <source>{0} outbound</source>
      <translation>выход {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/ports.py" />
      <source>a program</source>
      <translation>программа</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/ports.py" />
      <source>port {0} cannot be listened on: {1}</source>
      <translation>порт {0} нельзя слушать: {1}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/ports.py" />
      <source>port {0} needs more rights than this user has</source>
      <translation>для порта {0} у пользователя не хватает прав</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/ports.py" />
      <source>this machine has no address {0}</source>
      <translation>у этого компьютера нет адреса {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/ports.py" />
      <source>{0} port {1} is taken</source>
      <translation>порт {0} {1} занят</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/ports.py" />
      <source>{0} port {1} is taken by {2}</source>
      <translation>порт {0} {1} занят: {2}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/routing.py" />
      <source>"AsIs", "IPIfNonMatch" or "IPOnDemand"</source>
      <translation>"AsIs", "IPIfNonMatch" или "IPOnDemand"</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/routing.py" />
      <source>"{0}" is no kind of rule</source>
      <translation>«{0}» — не вид правила</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/routing.py" />
      <source>give several bridges one reverse tag or portal: the least loaded link is taken</source>
      <translation>дайте нескольким мостам одну метку reverse или портал: берётся наименее занятая связь</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/routing.py" />
      <source>has no condition</source>
      <translation>нет ни одного условия</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/routing.py" />
      <source>is no strategy that is known; taken for AsIs</source>
      <translation>неизвестная стратегия; принята за AsIs</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/routing.py" />
      <source>name one outbound in outboundTag</source>
      <translation>назовите один выход в outboundTag</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/routing.py" />
      <source>remove it, or sort by inboundTag, user, ip or domain</source>
      <translation>уберите или различайте по inboundTag, user, ip или domain</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/routing.py" />
      <source>rule by local process</source>
      <translation>правило по местной программе</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/routing.py" />
      <source>rule by operating system</source>
      <translation>правило по операционной системе</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/routing.py" />
      <source>rule by the route bytes of a VLESS id</source>
      <translation>правило по байтам маршрута в id VLESS</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/routing.py" />
      <source>rule of this kind</source>
      <translation>правило такого вида</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/routing.py" />
      <source>rules in Starlark</source>
      <translation>правила на Starlark</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/routing.py" />
      <source>the tag of the outbound that takes what matches</source>
      <translation>метка выхода, который примет подошедшее</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/routing.py" />
      <source>to match everything write "network": "tcp,udp"</source>
      <translation>чтобы подходило всё, напишите "network": "tcp,udp"</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/routing.py" />
      <source>use "field"</source>
      <translation>укажите "field"</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/routing.py" />
      <source>write an object: {{":method": "GET"}}</source>
      <translation>напишите объект: {{":method": "GET"}}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/routing.py" />
      <source>xrgui sends no notifications over HTTP</source>
      <translation>xrgui не шлёт уведомлений по HTTP</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>"http", "tls" or "quic"</source>
      <translation>"http", "tls" или "quic"</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>"{0}" is ignored: xrgui has no fake DNS</source>
      <translation>«{0}» не учитывается: в xrgui нет подставного DNS</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>"{0}" is nothing to sniff</source>
      <translation>«{0}» распознать нельзя</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>64 hexadecimal digits (`xrgui cert` prints them)</source>
      <translation>64 шестнадцатеричных знака (их печатает `xrgui cert`)</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>XTLS is gone, from Xray too</source>
      <translation>XTLS больше нет, и в Xray тоже</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>both negative: off</source>
      <translation>оба отрицательные — выключено</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>certificates made on the fly</source>
      <translation>сертификаты, создаваемые на ходу</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>disguise for raw connections</source>
      <translation>маскировка соединений raw</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>holds something that is no SHA-256</source>
      <translation>содержит не SHA-256</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>is ignored: xrgui says hello in its own way, not as a browser</source>
      <translation>не учитывается: xrgui здоровается по-своему, а не как браузер</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>make one with `xrgui cert`</source>
      <translation>создайте его командой `xrgui cert`</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>pin of this kind</source>
      <translation>отпечаток такого вида</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>put the certificate's SHA-256 into pinnedPeerCertSha256 (`xrgui cert` prints it)</source>
      <translation>впишите SHA-256 сертификата в pinnedPeerCertSha256 (его печатает `xrgui cert`)</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>remove it on both sides</source>
      <translation>уберите на обеих сторонах</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>remove it: the server name is then visible on the way</source>
      <translation>уберите; имя сервера тогда видно по пути</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>tcpKeepAliveIdle and tcpKeepAliveInterval have different signs</source>
      <translation>у tcpKeepAliveIdle и tcpKeepAliveInterval разные знаки</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>the TLS library chooses the curves</source>
      <translation>кривые выбирает библиотека TLS</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>use "none", or ws to pass an HTTP proxy</source>
      <translation>укажите "none", а через HTTP-прокси — ws</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>use "redirect" with followRedirect</source>
      <translation>укажите "redirect" вместе с followRedirect</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>use pinnedPeerCertSha256</source>
      <translation>используйте pinnedPeerCertSha256</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>use raw with TLS</source>
      <translation>возьмите raw с TLS</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>use raw with TLS; Xray has dropped this transport too</source>
      <translation>возьмите raw с TLS; Xray тоже отказался от этого транспорта</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>use raw, and the socket's path as the inbound's listen</source>
      <translation>возьмите raw, а путь сокета укажите в listen входа</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>use tls</source>
      <translation>возьмите tls</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>use tls with a certificate of your own, pinned by pinnedPeerCertSha256</source>
      <translation>возьмите tls со своим сертификатом, закреплённым в pinnedPeerCertSha256</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>use ws, which passes the same CDNs and reverse proxies</source>
      <translation>возьмите ws: он проходит через те же CDN и обратные прокси</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>use ws: it differs in its framing alone</source>
      <translation>возьмите ws: отличается только кадрами</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>use ws; Xray has dropped this transport too</source>
      <translation>возьмите ws; Xray тоже отказался от этого транспорта</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>would accept any certificate, an attacker's too; neither xrgui nor Xray does that any more</source>
      <translation>принял бы любой сертификат, в том числе от злоумышленника; ни xrgui, ни Xray так больше не делают</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>xrgui asks for no SRV or TXT records</source>
      <translation>xrgui не запрашивает записи SRV и TXT</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>xrgui has no such option</source>
      <translation>в xrgui нет такого параметра</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>xrgui leaves it to the system</source>
      <translation>xrgui оставляет это системе</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>xrgui sniffs whatever the address</source>
      <translation>xrgui распознаёт протокол при любом адресе</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>xrgui writes no keys to files</source>
      <translation>xrgui не пишет ключи в файлы</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/stream.py" />
      <source>{0} transport</source>
      <translation>транспорт {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/config/written.py" />
      <source>{0} has no {1}</source>
      <translation>в {0} нет {1}</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/dialer.py" />
      <source>closed before it stood</source>
      <translation>закрыто до установления</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/dialer.py" />
      <source>the outbound {0} that leads there is gone</source>
      <translation>выхода {0}, который туда ведёт, больше нет</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/errors.py" />
      <source>no answer</source>
      <translation>нет ответа</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/errors.py" />
      <source>timed out</source>
      <translation>время ожидания истекло</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/leaving.py" />
      <source>its part of the configuration was changed</source>
      <translation>изменилась его часть конфигурации</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/limits.py" />
      <source>there are {0} connections already</source>
      <translation>уже есть {0} соединений</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/limits.py" />
      <source>{0} has {1} connections already</source>
      <translation>у {0} уже {1} соединений</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/memory.py" />
      <source>memory is short, and this one holds much for long</source>
      <translation>памяти мало, а это соединение давно держит много</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/mux/brake.py" />
      <source>reads too slowly for a peer without flow control</source>
      <translation>читает слишком медленно для стороны без управления потоком</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/mux/connection.py" />
      <source>a Mux.cool frame has the unknown status {0}</source>
      <translation>у кадра Mux.cool неизвестное состояние {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/mux/connection.py" />
      <source>a Mux.cool frame says that its metadata has {0} bytes</source>
      <translation>кадр Mux.cool сообщает о метаданных в {0} байт</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/mux/extension.py" />
      <source>an extension message of type {0} is too short</source>
      <translation>сообщение расширения вида {0} слишком короткое</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/mux/extension.py" />
      <source>the peer's HELLO has no usable window or instance</source>
      <translation>в HELLO другой стороны нет пригодного окна или экземпляра</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/mux/extension.py" />
      <source>the peer's HELLO is cut short</source>
      <translation>HELLO другой стороны обрезан</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/mux/frames.py" />
      <source>a Mux.cool frame ends inside its address</source>
      <translation>кадр Mux.cool обрывается внутри адреса</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/mux/frames.py" />
      <source>a Mux.cool frame names the unknown network {0}</source>
      <translation>кадр Mux.cool называет неизвестную сеть {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/mux/health.py" />
      <source>the other end of the link has been silent for {0} s</source>
      <translation>другая сторона связи молчит {0} с</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/mux/health.py" />
      <source>the other end of the link reads but has not answered for {0} s</source>
      <translation>другая сторона связи читает, но не отвечает {0} с</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/mux/link_writer.py" />
      <source>the peer does not read the answers that it asks for</source>
      <translation>другая сторона не читает ответы, о которых просит</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/mux/resumption.py" />
      <source>it ended while the link was away</source>
      <translation>закончилось, пока связи не было</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/mux/resumption.py" />
      <source>the link did not come back in time</source>
      <translation>связь не восстановилась вовремя</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/mux/resumption.py" />
      <source>the other end was started anew</source>
      <translation>другая сторона запущена заново</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/mux/resumption.py" />
      <source>the tunnel was stopped</source>
      <translation>туннель остановлен</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/mux/resumption.py" />
      <source>the two ends do not agree on what was received</source>
      <translation>стороны расходятся в том, что получено</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/mux/substream.py" />
      <source>the peer sent more than it was granted</source>
      <translation>другая сторона прислала больше, чем ей разрешено</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/mux/worker.py" />
      <source>the link takes no more sub-connections</source>
      <translation>связь больше не принимает соединений</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/mux/worker.py" />
      <source>the link to the other end is gone</source>
      <translation>связи с другой стороной больше нет</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/mux/worker.py" />
      <source>the other end closed it</source>
      <translation>закрыла другая сторона</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/mux/worker.py" />
      <source>the peer used the id again</source>
      <translation>другая сторона повторно взяла номер</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/mux/worker.py" />
      <source>the peer's FIN does not fit what it sent</source>
      <translation>FIN другой стороны не соответствует присланному</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/outbound/blackhole.py" />
      <source>{0} is blocked (outbound {1})</source>
      <translation>{0} заблокирован (выход {1})</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/outbound/final_rules.py" />
      <source>finalRules entry #{0} blocks it</source>
      <translation>запрещает запись finalRules № {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/outbound/final_rules.py" />
      <source>it is a private address and no finalRules entry allows it</source>
      <translation>это частный адрес, и ни одна запись finalRules его не разрешает</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/outbound/final_rules.py" />
      <source>no finalRules entry allows it</source>
      <translation>ни одна запись finalRules этого не разрешает</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/outbound/freedom.py" />
      <source>{0} is no address</source>
      <translation>{0} — не адрес</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/outbound/freedom.py" />
      <source>{0}: {1} (outbound {2})</source>
      <translation>{0}: {1} (выход {2})</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/outbound/http.py" />
      <source>an HTTP proxy carries no UDP (outbound {0})</source>
      <translation>HTTP-прокси не переносит UDP (выход {0})</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/outbound/mux.py" />
      <source>the outbound was stopped</source>
      <translation>выход остановлен</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/outbound/packets.py" />
      <source>this host</source>
      <translation>этот компьютер</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/outbound/packets.py" />
      <source>{0} cannot reach addresses of its family</source>
      <translation>{0} не достаёт до адресов этого семейства</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/outbound/vless.py" />
      <source>it does not know this id</source>
      <translation>он не знает этого id</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/outbound/vless.py" />
      <source>it does not know this id, or cannot reach the target</source>
      <translation>он не знает этого id или не может дойти до цели</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/outbound/vless.py" />
      <source>it does not know this id, or this user has no reverse tag there</source>
      <translation>он не знает этого id, или у этого пользователя там нет метки reverse</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/outbound/vless.py" />
      <source>{0} closed the link right after the request: {1}</source>
      <translation>{0} закрыл связь сразу после запроса: {1}</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/outbound/vmess.py" />
      <source>it does not know this id, its clock is more than 2 minutes off ours, or it cannot reach the target</source>
      <translation>он не знает этого id, его часы расходятся с нашими больше чем на 2 минуты или он не может дойти до цели</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/proxy_client.py" />
      <source>the proxy closed the connection</source>
      <translation>прокси закрыл соединение</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/resolver.py" />
      <source>{0} has no address that {1} allows</source>
      <translation>у {0} нет адреса, который допускает {1}</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/resolver.py" />
      <source>{0} is not a host name</source>
      <translation>{0} — не имя узла</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/resolver.py" />
      <source>{0} is switched off in dns.hosts</source>
      <translation>{0} отключён в dns.hosts</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/reverse/bridge.py" />
      <source>its owner has yet to approve the key {0}</source>
      <translation>владелец ещё не одобрил ключ {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/reverse/bridge.py" />
      <source>its owner lets nobody in without a bridge key, and there is none here</source>
      <translation>владелец не пускает никого без ключа моста, а здесь ключа нет</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/reverse/bridge.py" />
      <source>the bridge was stopped</source>
      <translation>мост остановлен</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/reverse/bridge.py" />
      <source>the link to {0} is down{1}</source>
      <translation>связь с {0} прервана{1}</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/reverse/bridge.py" />
      <source>the portal closed the link</source>
      <translation>портал закрыл связь</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/reverse/bridge.py" />
      <source>{0} carries nobody yet: {1}</source>
      <translation>{0} пока никого не пропускает: {1}</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/reverse/bridge.py" />
      <source>{0} opens nothing for us: this needs xrgui at the other end</source>
      <translation>{0} ничего не открывает для нас: для этого на другой стороне нужен xrgui</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/reverse/bridge_link.py" />
      <source>the server took the connection but does not answer as a portal</source>
      <translation>сервер принял соединение, но не отвечает как портал</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/reverse/bridge_link.py" />
      <source>there are enough links without it</source>
      <translation>связей и без неё достаточно</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/reverse/portal.py" />
      <source>no bridge is connected to the portal {0}</source>
      <translation>к порталу {0} не подключён ни один мост</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/reverse/portal.py" />
      <source>no key</source>
      <translation>нет ключа</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/reverse/portal.py" />
      <source>the bridge of the portal {0} does not answer</source>
      <translation>мост портала {0} не отвечает</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/reverse/portal.py" />
      <source>the bridge's key is not approved</source>
      <translation>ключ моста не одобрен</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/reverse/portal.py" />
      <source>the inbound of this link was stopped</source>
      <translation>вход этой связи остановлен</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/reverse/portal.py" />
      <source>the key {0}, which is not approved</source>
      <translation>ключ {0}, который не одобрен</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/reverse/portal.py" />
      <source>the portal was stopped</source>
      <translation>портал остановлен</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/reverse/portal.py" />
      <source>the portal's owner has not approved this bridge's key yet</source>
      <translation>владелец портала ещё не одобрил ключ этого моста</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/reverse/portal.py" />
      <source>too many bridges wait for approval</source>
      <translation>слишком много мостов ждут одобрения</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/__init__.py" />
      <source>no answer in {0} seconds</source>
      <translation>нет ответа за {0} с</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/handshake.py" />
      <source>closed during the handshake</source>
      <translation>закрыто во время рукопожатия</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/handshake.py" />
      <source>no answer to the handshake</source>
      <translation>нет ответа на рукопожатие</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/sockets.py" />
      <source>another program</source>
      <translation>другая программа</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/sockets.py" />
      <source>cannot listen on {0}: not an IP address of this host</source>
      <translation>нельзя слушать на {0}: это не IP-адрес этого компьютера</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/sockets.py" />
      <source>cannot listen on {0}: ports below 1024 need more rights</source>
      <translation>нельзя слушать на {0}: для портов ниже 1024 нужны дополнительные права</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/sockets.py" />
      <source>cannot listen on {0}: this host has no such address</source>
      <translation>нельзя слушать на {0}: у этого компьютера нет такого адреса</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/sockets.py" />
      <source>cannot listen on {0}: {1}</source>
      <translation>нельзя слушать на {0}: {1}</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/sockets.py" />
      <source>no port is free on both IPv4 and IPv6</source>
      <translation>нет порта, свободного и для IPv4, и для IPv6</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/sockets.py" />
      <source>sockopt.{0} is not available on this system</source>
      <translation>sockopt.{0} в этой системе недоступен</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/sockets.py" />
      <source>sockopt.{0}: {1}</source>
      <translation>sockopt.{0}: {1}</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/sockets.py" />
      <source>this system has no unix sockets</source>
      <translation>в этой системе нет сокетов unix</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/sockets.py" />
      <source>{0} in {1} is no octal file mode</source>
      <translation>{0} в {1} — не восьмеричные права файла</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/sockets.py" />
      <source>{0} is taken by {1}</source>
      <translation>{0} занят: {1}</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tcp.py" />
      <source>connection refused</source>
      <translation>в соединении отказано</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tcp.py" />
      <source>connection reset</source>
      <translation>соединение сброшено</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tcp.py" />
      <source>host unreachable</source>
      <translation>узел недоступен</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tcp.py" />
      <source>name not found</source>
      <translation>имя не найдено</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tcp.py" />
      <source>network unreachable</source>
      <translation>сеть недоступна</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tcp.py" />
      <source>no address of the family of {0}</source>
      <translation>нет адреса того же семейства, что {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tcp.py" />
      <source>no such socket</source>
      <translation>такого сокета нет</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tcp.py" />
      <source>not a valid host name</source>
      <translation>неверное имя узла</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tcp.py" />
      <source>out of file descriptors</source>
      <translation>исчерпаны дескрипторы файлов</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tcp.py" />
      <source>the name has no address for {0}</source>
      <translation>у имени нет адреса для {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tcp.py" />
      <source>the name server does not answer</source>
      <translation>сервер имён не отвечает</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tcp.py" />
      <source>this host has no such local address</source>
      <translation>у этого компьютера нет такого местного адреса</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls.py" />
      <source>cut off: TLS was not closed</source>
      <translation>обрыв: TLS не был закрыт</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_chain.py" />
      <source>an issuer that is no CA</source>
      <translation>издатель, который не является CA</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_chain.py" />
      <source>the certificate cannot be read: {0}</source>
      <translation>не удалось прочитать сертификат: {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_chain.py" />
      <source>the certificate does not hold under the pinned CA for {0}: {1}</source>
      <translation>сертификат не подтверждён закреплённым CA для {0}: {1}</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_context.py" />
      <source>TLS needs a certificate to show: `xrgui cert` makes one</source>
      <translation>для TLS нужен сертификат: его создаст `xrgui cert`</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_context.py" />
      <source>TLS over a unix socket needs serverName</source>
      <translation>для TLS через сокет unix нужен serverName</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_context.py" />
      <source>certificate file {0}: {1}</source>
      <translation>файл сертификата {0}: {1}</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_context.py" />
      <source>none of cipherSuites is known: {0}</source>
      <translation>в cipherSuites нет ни одного известного: {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_context.py" />
      <source>the certificate in the configuration</source>
      <translation>сертификат в конфигурации</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_context.py" />
      <source>{0} and its key do not belong together</source>
      <translation>{0} и его ключ не подходят друг к другу</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_context.py" />
      <source>{0} comes without a key</source>
      <translation>{0} без ключа</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_context.py" />
      <source>{0} holds no certificate in PEM</source>
      <translation>{0} не содержит сертификата PEM</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_context.py" />
      <source>{0} or its key is not in PEM, or the key is locked by a passphrase</source>
      <translation>{0} или его ключ не в PEM, или ключ закрыт парольной фразой</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_verify.py" />
      <source>no name at all</source>
      <translation>вовсе без имени</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_verify.py" />
      <source>the certificate is not for {0}, but for {1}</source>
      <translation>сертификат выдан не для {0}, а для {1}</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_verify.py" />
      <source>the certificate is not the pinned one: expected {0}, seen {1}</source>
      <translation>сертификат не тот, что закреплён: ожидался {0}, показан {1}</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_verify.py" />
      <source>the server showed no certificate</source>
      <translation>сервер не показал сертификата</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_words.py" />
      <source>no TLS version suits both ends</source>
      <translation>нет версии TLS, подходящей обеим сторонам</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_words.py" />
      <source>no cipher suits both ends</source>
      <translation>нет шифра, подходящего обеим сторонам</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_words.py" />
      <source>no cipher, version or certificate suits both ends</source>
      <translation>нет шифра, версии или сертификата, подходящих обеим сторонам</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_words.py" />
      <source>the certificate has expired</source>
      <translation>срок сертификата истёк</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_words.py" />
      <source>the certificate is for another address</source>
      <translation>сертификат выдан для другого адреса</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_words.py" />
      <source>the certificate is for another name</source>
      <translation>сертификат выдан для другого имени</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_words.py" />
      <source>the certificate is not valid yet (is the clock right?)</source>
      <translation>сертификат ещё не действует (верны ли часы?)</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_words.py" />
      <source>the certificate is self-signed: pin it (pinnedPeerCertSha256) to accept it</source>
      <translation>сертификат самоподписанный: чтобы принять, закрепите его (pinnedPeerCertSha256)</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_words.py" />
      <source>the certificate's issuer is a private one: add it (usage verify) or pin it (pinnedPeerCertSha256)</source>
      <translation>издатель сертификата частный: добавьте его (usage verify) или закрепите сертификат (pinnedPeerCertSha256)</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_words.py" />
      <source>the certificate's issuer is not known: add it (usage verify) or pin it (pinnedPeerCertSha256)</source>
      <translation>издатель сертификата неизвестен: добавьте его (usage verify) или закрепите сертификат (pinnedPeerCertSha256)</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_words.py" />
      <source>the certificate: {0}</source>
      <translation>сертификат: {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_words.py" />
      <source>the peer does not accept the certificate</source>
      <translation>другая сторона не принимает сертификат</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_words.py" />
      <source>the peer does not know the certificate's issuer</source>
      <translation>другая сторона не знает издателя сертификата</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_words.py" />
      <source>the peer does not speak TLS</source>
      <translation>другая сторона не говорит на TLS</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_words.py" />
      <source>the peer says that the certificate has expired</source>
      <translation>по словам другой стороны, срок сертификата истёк</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_words.py" />
      <source>the server asks for a client certificate</source>
      <translation>сервер требует сертификат клиента</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_words.py" />
      <source>the server has no certificate for this name</source>
      <translation>у сервера нет сертификата для этого имени</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/tls_words.py" />
      <source>the server knows none of the ALPN protocols</source>
      <translation>сервер не знает ни одного из протоколов ALPN</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/websocket.py" />
      <source>a WebSocket cannot be closed by halves</source>
      <translation>WebSocket нельзя закрыть наполовину</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/websocket.py" />
      <source>answered {0}</source>
      <translation>ответ: {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/transport/websocket.py" />
      <source>cut off: the WebSocket was not closed</source>
      <translation>обрыв: WebSocket не был закрыт</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/wire/vless.py" />
      <source>malformed VLESS addons</source>
      <translation>испорченные дополнения VLESS</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/wire/vless.py" />
      <source>the answer is not VLESS: is this the right port and transport?</source>
      <translation>ответ — не VLESS: верны ли порт и транспорт?</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/wire/vless.py" />
      <source>unknown VLESS command {0}</source>
      <translation>неизвестная команда VLESS {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/wire/vless.py" />
      <source>version {0} is no VLESS request</source>
      <translation>версия {0} — это не запрос VLESS</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/wire/vmess.py" />
      <source>a VMess header does not decrypt</source>
      <translation>заголовок VMess не расшифровывается</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/wire/vmess.py" />
      <source>malformed VMess header</source>
      <translation>испорченный заголовок VMess</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/wire/vmess.py" />
      <source>the VMess response belongs to another request</source>
      <translation>ответ VMess относится к другому запросу</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/wire/vmess.py" />
      <source>the peer's clock is {0} s {1}; VMess allows {2} s: set both clocks</source>
      <translation>часы другой стороны расходятся на {0} с ({1}); VMess допускает {2} с: проверьте часы на обеих сторонах</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/wire/vmess.py" />
      <source>the request was sent before: a replay</source>
      <translation>такой запрос уже был: повтор</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/wire/vmess.py" />
      <source>unknown user id</source>
      <translation>неизвестный id пользователя</translation>
    </message>
    <message>
      <location filename="../../xrgui/engine/wire/vmess.py" />
      <source>unsupported VMess security {0} or command {1}</source>
      <translation>шифр VMess {0} или команда {1} не поддерживается</translation>
    </message>
    <message>
      <location filename="../../xrgui/links/base64text.py" />
      <source>not base64: {0}</source>
      <translation>не base64: {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/links/model.py" />
      <source>Encrypted Client Hello</source>
      <translation>Encrypted Client Hello</translation>
    </message>
    <message>
      <location filename="../../xrgui/links/model.py" />
      <source>Shadowsocks plugins</source>
      <translation>модули Shadowsocks</translation>
    </message>
    <message>
      <location filename="../../xrgui/links/model.py" />
      <source>TLS without checking the certificate (pin it instead)</source>
      <translation>TLS без проверки сертификата (вместо этого закрепите его)</translation>
    </message>
    <message>
      <location filename="../../xrgui/links/model.py" />
      <source>VMess security {0}</source>
      <translation>шифр VMess {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/links/model.py" />
      <source>header type {0}</source>
      <translation>заголовок вида {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/links/model.py" />
      <source>its %-escapes are not UTF-8 text</source>
      <translation>%-последовательности в нём — не текст UTF-8</translation>
    </message>
    <message>
      <location filename="../../xrgui/links/model.py" />
      <source>security {0}</source>
      <translation>защита {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/links/model.py" />
      <source>transport {0}</source>
      <translation>транспорт {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/links/model.py" />
      <source>{0} is neither a host name nor an IP address</source>
      <translation>{0} — не имя узла и не IP-адрес</translation>
    </message>
    <message>
      <location filename="../../xrgui/links/model.py" />
      <source>{0} is not a SHA-256 digest in hex (64 digits)</source>
      <translation>{0} — не SHA-256 (64 шестнадцатеричных знака)</translation>
    </message>
    <message>
      <location filename="../../xrgui/links/model.py" />
      <source>{0} is not a number from 1 to 65535</source>
      <translation>{0} — не число от 1 до 65535</translation>
    </message>
    <message>
      <location filename="../../xrgui/links/outbound.py" />
      <source>VMess cannot carry VLESS reverse: use the classic dialect with a tunnel domain</source>
      <translation>VMess не может нести VLESS reverse: выберите классический диалект с доменом туннеля</translation>
    </message>
    <message>
      <location filename="../../xrgui/links/outbound.py" />
      <source>carries a whole profile, not one server: import it instead</source>
      <translation>содержит целый профиль, а не один сервер: импортируйте её</translation>
    </message>
    <message>
      <location filename="../../xrgui/links/outbound.py" />
      <source>needs what xrgui lacks: {0}</source>
      <translation>нужно то, чего в xrgui нет: {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/links/text.py" />
      <source>does not begin with one of {0}</source>
      <translation>не начинается ни с одного из {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/links/text.py" />
      <source>holds characters that are no valid text</source>
      <translation>содержит недопустимые знаки</translation>
    </message>
    <message>
      <location filename="../../xrgui/links/text.py" />
      <source>is longer than {0} KiB</source>
      <translation>длиннее {0} КиБ</translation>
    </message>
    <message>
      <location filename="../../xrgui/links/uri.py" />
      <source>appears twice with different values</source>
      <translation>встречается дважды с разными значениями</translation>
    </message>
    <message>
      <location filename="../../xrgui/links/uri.py" />
      <source>is missing (host:port is needed)</source>
      <translation>отсутствует (нужно узел:порт)</translation>
    </message>
    <message>
      <location filename="../../xrgui/links/uri.py" />
      <source>is missing (the part before @)</source>
      <translation>отсутствует (часть перед @)</translation>
    </message>
    <message>
      <location filename="../../xrgui/links/uri.py" />
      <source>is not base64 of readable text</source>
      <translation>не base64 читаемого текста</translation>
    </message>
    <message>
      <location filename="../../xrgui/links/uri.py" />
      <source>only xrgui://import?… is known</source>
      <translation>известна только xrgui://import?…</translation>
    </message>
    <message>
      <location filename="../../xrgui/links/uri.py" />
      <source>the part before @ must hold method:password</source>
      <translation>перед @ должно стоять способ:пароль</translation>
    </message>
    <message>
      <location filename="../../xrgui/links/uri.py" />
      <source>this link needs a newer xrgui (only version 1 is known)</source>
      <translation>этой ссылке нужен более новый xrgui (известна только версия 1)</translation>
    </message>
    <message>
      <location filename="../../xrgui/links/vmess.py" />
      <source>is neither base64 of JSON nor id@host:port</source>
      <translation>не base64 с JSON и не id@узел:порт</translation>
    </message>
    <message>
      <location filename="../../xrgui/links/vmess.py" />
      <source>its base64 text holds no JSON object</source>
      <translation>в тексте base64 нет объекта JSON</translation>
    </message>
    <message>
      <location filename="../../xrgui/matching.py" />
      <source>{0} is no IP address or network: write it as 192.0.2.1 or 192.0.2.0/24</source>
      <translation>{0} — не IP-адрес и не сеть: пишите 192.0.2.1 или 192.0.2.0/24</translation>
    </message>
    <message>
      <location filename="../../xrgui/matching.py" />
      <source>{0} is no regular expression: {1}</source>
      <translation>{0} — не регулярное выражение: {1}</translation>
    </message>
    <message>
      <location filename="../../xrgui/matching.py" />
      <source>{0} names no domain</source>
      <translation>{0} не называет домен</translation>
    </message>
    <message>
      <location filename="../../xrgui/matching.py" />
      <source>{0}-{1} is no range of ports: write the smaller of 0 to 65535 first</source>
      <translation>{0}-{1} — не диапазон портов: сначала меньший, от 0 до 65535</translation>
    </message>
    <message>
      <location filename="../../xrgui/matching.py" />
      <source>{0}: a name without dots cannot contain one</source>
      <translation>{0}: имя без точек не может содержать точку</translation>
    </message>
    <message>
      <location filename="../../xrgui/matching.py" />
      <source>{0}: lists are not supported: write the names, as domain:example.com</source>
      <translation>{0}: списки не поддерживаются: впишите имена, например domain:example.com</translation>
    </message>
    <message>
      <location filename="../../xrgui/matching.py" />
      <source>{0}: lists are not supported: write the networks, as 192.0.2.0/24, or geoip:private</source>
      <translation>{0}: списки не поддерживаются: впишите сети, например 192.0.2.0/24, или geoip:private</translation>
    </message>
    <message>
      <location filename="../../xrgui/matching.py" />
      <source>{0}: the prefix length must be a number from 0 to {1}</source>
      <translation>{0}: длина префикса — число от 0 до {1}</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/backup.py" />
      <source>cannot be opened: {0}</source>
      <translation>не открывается: {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/backup.py" />
      <source>holds no list of profiles</source>
      <translation>не содержит списка профилей</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/backup.py" />
      <source>was written by a newer xrgui</source>
      <translation>записано более новой версией xrgui</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/certificates.py" />
      <source>this is no certificate in PEM form</source>
      <translation>это не сертификат в формате PEM</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/document.py" />
      <source>could not be brought from schema {0} to {1}: {2}</source>
      <translation>не удалось перевести со схемы {0} на {1}: {2}</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/document.py" />
      <source>has no schema version</source>
      <translation>нет версии схемы</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/document.py" />
      <source>is not JSON: {0}</source>
      <translation>не JSON: {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/document.py" />
      <source>is not a JSON object</source>
      <translation>не объект JSON</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/document.py" />
      <source>is not a profile: {0}</source>
      <translation>не профиль: {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/document.py" />
      <source>was written by a newer xrgui (schema {0}, this one knows {1})</source>
      <translation>записано более новой версией xrgui (схема {0}, здесь известна {1})</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/files.py" />
      <source>another program holds {0}: close it, or try again</source>
      <translation>{0} держит другая программа: закройте её или попробуйте ещё раз</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/files.py" />
      <source>{0} could not be {1}: {2}. What was there is unchanged.</source>
      <translation>не удалось {1} {0}: {2}. Прежнее содержимое не изменилось.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/ownlink.py" />
      <source>is neither base64 nor JSON</source>
      <translation>ни base64, ни JSON</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/qr.py" />
      <source>the text is too long for a QR code</source>
      <translation>текст слишком длинный для QR-кода</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/sealed.py" />
      <source>the passphrase is empty</source>
      <translation>парольная фраза пуста</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/sealed.py" />
      <source>the passphrase is wrong, or the data was changed</source>
      <translation>парольная фраза неверна, или данные изменены</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/sealed.py" />
      <source>the sealed data asks for too much work to open</source>
      <translation>для открытия этих данных нужно слишком много вычислений</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/sealed.py" />
      <source>the sealed data was cut off</source>
      <translation>зашифрованные данные обрезаны</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/sealed.py" />
      <source>this was not sealed by xrgui</source>
      <translation>это зашифровано не в xrgui</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/secrets.py" />
      <source>another program changed the passphrase: enter it again</source>
      <translation>другая программа сменила парольную фразу: введите её заново</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/secrets.py" />
      <source>in memory only: secrets must be entered again after each start</source>
      <translation>только в памяти: секреты придётся вводить после каждого запуска</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/secrets.py" />
      <source>in the file {0}, under your passphrase</source>
      <translation>в файле {0}, под вашей парольной фразой</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/secrets.py" />
      <source>in the system's keyring ({0})</source>
      <translation>в связке ключей системы ({0})</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/secrets.py" />
      <source>the keyring did not answer in time: answer its prompt, then try again</source>
      <translation>связка ключей не ответила вовремя: ответьте на её запрос и попробуйте снова</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/secrets.py" />
      <source>the keyring failed: {0}</source>
      <translation>сбой связки ключей: {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/secrets.py" />
      <source>the keyring is locked: unlock it and try again</source>
      <translation>связка ключей закрыта: откройте её и попробуйте снова</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/secrets.py" />
      <source>the secret {0} is not in the store: enter it again</source>
      <translation>секрета {0} нет в хранилище: введите его заново</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/secrets.py" />
      <source>this system has no keyring that runs</source>
      <translation>в этой системе нет работающей связки ключей</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/secrets.py" />
      <source>{0} cannot be read: {1}</source>
      <translation>не удалось прочитать {0}: {1}</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/secrets.py" />
      <source>{0} could not be saved: {1}</source>
      <translation>не удалось сохранить {0}: {1}</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/secrets.py" />
      <source>{0} is damaged: {1}</source>
      <translation>{0} повреждён: {1}</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/servers.py" />
      <source>a server in this link</source>
      <translation>сервер в этой ссылке</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/servers.py" />
      <source>xrgui lacks {0}</source>
      <translation>в xrgui нет: {0}</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/store.py" />
      <source>set aside</source>
      <translation>отложить</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/store.py" />
      <source>there is no profile {0}</source>
      <translation>профиля {0} нет</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/store.py" />
      <source>{0} cannot be the id of a profile</source>
      <translation>{0} не может быть именем профиля</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/store.py" />
      <source>{0} is not there any more</source>
      <translation>{0} больше нет</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/store.py" />
      <source>{0} is there again: delete or rename that one first</source>
      <translation>{0} снова есть: сначала удалите или переименуйте его</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/store.py" />
      <source>{0} was {1} by another program: look at it again, or save it as a copy</source>
      <translation>{0}: другая программа успела раньше ({1}). Посмотрите ещё раз или сохраните копию</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/transfer.py" />
      <source>holds no link, configuration or backup</source>
      <translation>здесь нет ни ссылки, ни конфигурации, ни резервной копии</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/transfer.py" />
      <source>is JSON, but no configuration, profile or backup</source>
      <translation>это JSON, но не конфигурация, не профиль и не резервная копия</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/transfer.py" />
      <source>is larger than {0} MiB</source>
      <translation>больше {0} МиБ</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/transfer.py" />
      <source>this and what follows is left out: more than {0} at once</source>
      <translation>это и дальнейшее опущено: больше {0} за раз</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/engine_words.py" />
      <source>Disk quota exceeded</source>
      <translation>превышена квота диска</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/engine_words.py" />
      <source>File name too long</source>
      <translation>слишком длинное имя файла</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/engine_words.py" />
      <source>Input/output error</source>
      <translation>ошибка ввода-вывода</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/engine_words.py" />
      <source>Is a directory</source>
      <translation>это папка</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/engine_words.py" />
      <source>No space left on device</source>
      <translation>на диске нет места</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/engine_words.py" />
      <source>No such file or directory</source>
      <translation>нет такого файла или папки</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/engine_words.py" />
      <source>Not a directory</source>
      <translation>это не папка</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/engine_words.py" />
      <source>Permission denied</source>
      <translation>доступ запрещён</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/engine_words.py" />
      <source>Read-only file system</source>
      <translation>файловая система только для чтения</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/engine_words.py" />
      <source>Too many open files</source>
      <translation>открыто слишком много файлов</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/engine_words.py" />
      <source>deleted</source>
      <translation>удалить</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/engine_words.py" />
      <source>emptied</source>
      <translation>очистить</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/engine_words.py" />
      <source>read</source>
      <translation>прочитать</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/engine_words.py" />
      <source>restored</source>
      <translation>восстановить</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/engine_words.py" />
      <source>saved</source>
      <translation>сохранить</translation>
    </message>
  </context>
</TS>
