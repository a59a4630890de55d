"""What the names of columns and tables say, in the languages that people name them in.

A name is taken apart at its underscores, capitals and digits, accents are dropped, and compounds are looked into from
both ends: ``Kundennummer`` is a customer and an id, ``userId`` a user and an id, ``商品名称`` a product and a name.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_NOUNS = {
    # who acts
    "user": "user users uid benutzer nutzer utilisateur usuario utente 用户 用戶 ユーザー",
    "customer": "customer customers cust consumer shopper buyer kunde kunden kaufer besteller client clients acheteur "
    "cliente clientes comprador 客户 顾客 买家",
    "member": "member members subscriber subscribers mitglied membre abonne socio 会员",
    "visitor": "visitor visitors guest guests besucher gast visiteur visitante 访客",
    "account": "account accounts konto compte cuenta 账号 账户",
    "person": "person persons people profile profiles personne persona",
    "player": "player players gamer spieler joueur jugador 玩家",
    "listener": "listener listeners horer auditeur oyente 听众",
    "reader": "reader readers borrower leser lecteur lector 读者",
    "viewer": "viewer viewers zuschauer spectateur 观众",
    "student": "student students learner learners schuler etudiant eleve alumno 学生",
    "reviewer": "reviewer reviewers rater bewerter",
    # what is chosen
    "item": "item items lineitem object objekt objet 物品 項目",
    "product": "product products sku skus stock merchandise goods ware waren asin ean gtin upc produkt produkte "
    "produit produits producto productos 商品 产品 货品 货号",
    "article": "article articles artikel articulo 文章",
    "film": "movie movies film films pelicula 电影 影片",
    "book": "book books isbn buch bucher livre livres libro libros 图书 书籍",
    "track": "track tracks song songs lied chanson cancion 歌曲 曲目",
    "artist": "artist artists band kunstler artiste artista 歌手 艺人 艺术家",
    "album": "album albums release releases platte disque 专辑",
    "game": "game games spiel spiele jeu jeux juego 游戏",
    "course": "course courses kurs kurse cours curso 课程",
    "recipe": "recipe recipes rezept recette receta 菜谱",
    "video": "video videos clip clips 视频",
    "show": "show shows episode episodes sendung 节目",
    "post": "post posts news story stories beitrag nachricht 新闻 帖子",
    "place": "place places venue venues poi business restaurant hotel ort lieu lugar 地点 餐厅 酒店",
    "podcast": "podcast podcasts",
    "anime": "anime animes manga",
    "app": "app apps application",
    "job": "job jobs stelle emploi empleo 职位",
    "beer": "beer beers wine wines bier wein vin vino",
    "offer": "offer offers angebot annonce",
    # what belongs to an item
    "genre": "genre genres gattung style styles stil genero 类型 流派 体裁",
    "category": "category categories cat kategorie warengruppe rubrik categorie categories rayon categoria class "
    "section department subcategory unterkategorie 分类 类别 品类",
    "tag": "tag tags keyword keywords schlagwort schlagworter stichwort motcle etiqueta 标签 关键词",
    "maker": "maker manufacturer hersteller producer fabricant fabricante 制造商 厂家 生产商",
    "brand": "brand brands marke marken marque marques marca 品牌",
    "vendor": "vendor seller merchant supplier lieferant verkaufer fournisseur vendeur proveedor 供应商 卖家",
    "studio": "studio studios developer developers entwickler developpeur 开发商",
    "publisher": "publisher publishers verlag editeur editorial 出版社",
    "author": "author authors writer writers autor autoren auteur auteurs autora 作者",
    "director": "director directors regisseur regie realisateur 导演",
    "actor": "actor actors actress cast starring schauspieler darsteller acteur acteurs actores 演员 主演",
    "composer": "composer komponist compositeur 作曲",
    "country": "country countries land herkunft pays pais origin 国家 产地",
    "language": "language languages lang sprache langue idioma 语言",
    "colour": "colour color colors farbe couleur 颜色",
    "size": "size grosse taille talla 尺寸",
    "material": "material werkstoff matiere 材质",
    "topic": "topic topics theme thema themen sujet 主题",
    "series": "series serie collection reihe saga franchise 系列",
    "year": "year released jahr erscheinungsjahr annee ano 年份 年",
    # what a cell is
    "id": "id ids key pk guid uuid nr no num nummer number code codes kennung ref reference handle slug numero "
    "identifier 编号 号码 代码 号",
    "name": "name names label title titles titel bezeichnung nom libelle intitule nombre titulo designation 名称 标题 "
    "片名 书名 歌名 名字 名",
    "text": "description text summary overview plot synopsis abstract body content beschreibung inhalt zusammenfassung "
    "resume descriptif descripcion bio biography about blurb 描述 简介 内容 介绍",
    "time": "time date datetime timestamp ts when at day epoch unixtime unix zeit datum zeitpunkt zeitstempel uhrzeit "
    "heure horodatage quand fecha hora 时间 日期 时间戳",
    "kind": "action event events eventtype kind verb behavior behaviour activity operation interaction aktion ereignis "
    "vorgang evenement accion 行为 动作 操作 事件",
    "type": "type typ art",
    "stars": "rating ratings stars star overall score grade bewertung sterne note etoiles puntuacion 评分 打分 星级",
    "count": "qty quantity count counts plays playcount listens times units pieces weight menge anzahl stuck stuckzahl "
    "quantite qte cantidad 数量 次数",
    "hours": "hours minutes seconds duration playtime dauer stunden duree heures 时长",
    "money": "price prices amount total subtotal cost revenue sales discount tax currency preis einzelpreis "
    "betrag summe prix montant precio importe 价格 金额 单价",
    "status": "status state zustand statut etat estado 状态",
    "position": "position sequence seq step rank reihenfolge 序号",
    "later": "shipped ship delivered updated modified refunded cancelled canceled expires versand livraison",
    "visit": "session sessions visit sitzung 会话",
    "order": "order orders invoice basket cart transaction bestellung rechnung commande facture pedido factura 订单",
    "email": "email mail emails courriel 邮箱",
    "personal": "phone telephone telefon mobile address street adresse strasse firstname lastname surname vorname "
    "nachname prenom birthday birthdate birth geburtstag password passwort iban ip zip postcode plz fax latitude "
    "longitude 电话 手机 地址 姓名 生日",
    "link": "url urls link image img picture photo thumbnail poster cover bild lien 链接 图片",
    # parts of a statement
    "head": "head subject from h",
    "relation": "relation predicate rel link_type r",
    "tail": "tail object_value target t",
}
"""English noun: the words that mean it, lower case and without accents."""


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


USERS = _set("user customer member visitor account person player listener reader viewer student reviewer")
ITEMS = _set(
    "item product article film book track artist album game course recipe video show post place podcast anime app job "
    "beer offer"
)
CATEGORIES = _set(
    "genre category tag maker brand vendor studio publisher author director actor composer country language colour "
    "size material topic series artist album type"
)
"""What joins items, and so deserves nodes of its own."""

EDGE_WORDS = {
    "genre": ("HAS_GENRE", "has the genre"),
    "category": ("IN_CATEGORY", "is in the category"),
    "tag": ("TAGGED", "is tagged"),
    "maker": ("MADE_BY", "made by"),
    "brand": ("OF_BRAND", "is of the brand"),
    "vendor": ("SOLD_BY", "sold by"),
    "studio": ("MADE_BY_STUDIO", "made by"),
    "publisher": ("PUBLISHED_BY", "published by"),
    "author": ("WRITTEN_BY", "written by"),
    "director": ("DIRECTED_BY", "directed by"),
    "actor": ("STARS", "stars"),
    "composer": ("COMPOSED_BY", "composed by"),
    "artist": ("PERFORMED_BY", "performed by"),
    "album": ("ON_ALBUM", "is on the album"),
    "country": ("COMES_FROM", "comes from"),
    "language": ("IN_LANGUAGE", "is in the language"),
    "series": ("IN_SERIES", "is in the series"),
    "type": ("OF_TYPE", "is of the type"),
}
"""Noun of what an item is joined with: name of the edge type, and words between item and node."""

_THINGS = USERS | ITEMS | CATEGORIES | {"year"}
_SPOKEN = {"money": "price", "stars": "rating", "text": "description"}
"""How nouns that stand for several words are said."""

_ID_WORDS = _set("sku skus asin isbn ean gtin upc uid 货号")
"""Words of things that are ids as well."""

_NOUN_OF = {word: noun for noun, words in _NOUNS.items() for word in words.split()}
_LONG = sorted((word for word in _NOUN_OF if len(word) >= 4 or not word.isascii()), key=len, reverse=True)
_IN_LANGUAGE = re.compile(r"(?P<what>.+)(?P<mark>[@_. ])(?P<code>[A-Za-z]{2}(-[A-Za-z0-9]+)*)")
_CODES = {"cn": "zh", "jp": "ja", "kr": "ko"}
"""Of countries, as people name columns by them."""
_LANGUAGES = _set("ar cs da de el en es fa fi fr he hi hu it ja ko nl pl pt ro ru sv th tr uk vi zh")
_TOKEN = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_A-Za-z]+")


@lru_cache(maxsize=4096)
def words_of(name: str) -> tuple[str, ...]:
    """The words of a name, lower case and without accents: ``HappenedAt`` gives ``happened``, ``at``."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name.replace("ß", "ss")) if not unicodedata.combining(c))
    return tuple(word.lower() for word in _TOKEN.findall(plain))


@lru_cache(maxsize=4096)
def nouns_of(name: str) -> tuple[str, ...]:
    """The nouns that a name means, in its order; a word that is not known means none."""
    found: list[str] = []
    for word in words_of(name):
        found += [_NOUN_OF[word]] if word in _NOUN_OF else _parts(word)
    return tuple(dict.fromkeys(found))


def _parts(word: str) -> list[str]:
    """Nouns of a compound: what it begins with and what it ends with."""
    start = next((known for known in _LONG if word.startswith(known)), None)
    rest = word if start is None else word[len(start) :]
    end = next((known for known in _LONG if rest.endswith(known)), None)
    if end is None and start is not None:  # short words count only behind a known one: movieid, artikelnr
        end = rest if rest in _NOUN_OF else None
    return [_NOUN_OF[part] for part in (start, end) if part is not None]


def noun_among(name: str, nouns: frozenset[str]) -> str | None:
    """The first noun of a name that is one of some; None where there is none."""
    return next((noun for noun in nouns_of(name) if noun in nouns), None)


def means(name: str, *nouns: str) -> bool:
    """Whether a name has one of these nouns."""
    return not set(nouns).isdisjoint(nouns_of(name))


def names_an_id(name: str) -> bool:
    """Whether a name says that the cells are ids."""
    return means(name, "id") or not _ID_WORDS.isdisjoint(words_of(name))


def english(name: str) -> str:
    """A name in English words as far as they are known: ``Hersteller`` is ``maker``, ``fooBar`` is ``foo bar``."""
    words = [word for word in words_of(name) if not {"id", "name"} & set(nouns_of(word))] or list(words_of(name))
    nouns = [noun for noun in nouns_of(name) if noun not in ("id", "name")]
    if len(words) == len(nouns) == 1 and nouns[0] in _THINGS:
        return nouns[0]
    own = " ".join(word for word in words if word.isascii())
    return own if own and name.isascii() else " ".join(_SPOKEN.get(noun, noun) for noun in nouns) or own


def language_beside(name: str, column: str) -> str | None:
    """The code of the language in which a column has what another one has: ``zh`` of ``label@zh`` beside ``label``.

    None where it does not. Of ``title_en`` and ``title_zh`` either is beside the other.
    """
    first, second = _IN_LANGUAGE.fullmatch(name), _IN_LANGUAGE.fullmatch(column)
    if second is None or second["what"].lower() not in (name.lower(), first and first["what"].lower()):
        return None
    code = _CODES.get(second["code"].lower(), second["code"].lower())
    return code.replace("-", "_") if second["mark"] == "@" or code in _LANGUAGES else None


def label(words: str, fallback: str) -> str:
    """English words as the name of a type: ``sub category`` is ``SubCategory``."""
    made = "".join(word.capitalize() for word in re.findall(r"[a-z0-9]+", words.lower()))[:60]
    return made if made[:1].isalpha() else fallback


def property_name(words: str, fallback: str) -> str:
    """English words as the name of a property: ``sub category`` is ``sub_category``."""
    made = "_".join(re.findall(r"[a-z0-9]+", words.lower()))[:60]
    return made if made[:1].isalpha() else fallback
